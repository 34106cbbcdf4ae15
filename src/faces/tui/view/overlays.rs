//! Pages shown in place of a screen: help, the output of the steps' programs, the plan as a script, the server's
//! certificate.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::catalog::{failures, format};
use crate::faces::tui::canvas::{Canvas, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::{bindings, text};
use crate::model::facts::ServerCertificate;
use crate::model::finding::{Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::render::{self, Shell};

use super::sheet::{self, Line};

/// Draws help in place of the screen.
pub fn draw_help(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let lines = help_lines(canvas, scene, area.width.saturating_sub(2));
    sheet::draw(canvas, area, &lines, scroll);
}

/// Returns the lines of help: on the focused field, on the problems in full, and on the screen and its checks.
fn help_lines(canvas: &Canvas<'_>, scene: &Scene<'_>, width: u16) -> Vec<Line> {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    let mut add = |words: &str, style: Style, indent: u16| {
        sheet::wrap(&mut lines, &bindings::fill(words), indent, width, style);
    };
    if let Some(words) = scene.state.focused().and_then(|field| scene.words.field(field)) {
        add(&words.label, theme.title, 0);
        add(&words.help, theme.plain, 0);
        let example = words.example(scene.state.answers.platform());
        if !example.is_empty() {
            add(&format!("For instance: {example}"), theme.dim, 0);
        }
        add("", theme.plain, 0);
    }
    let troubles = scene.verdicts.iter().filter(|(_, verdict)| verdict.severity() > Some(Severity::Unknown));
    for (number, (check, verdict)) in troubles.enumerate() {
        if number == 0 {
            add("What stands in the way", theme.title, 0);
        }
        let (sign, style) = canvas.verdict(verdict);
        let label = scene.words.check(*check).map_or("", |words| words.label.as_str());
        add(&format!("{sign} {label} ({})", check.id()), style, 0);
        let Verdict::Found(findings) = verdict else { continue };
        for finding in findings {
            add(format!("{} {}", finding.says, finding.fix).trim(), theme.plain, 2);
            if let Some(remedy) = &finding.remedy {
                add(remedy.text(), theme.title, 2);
            }
        }
        add("", theme.plain, 0);
    }
    if scene.state.place.here == ScreenId::Install
        && let Some((kind, failure)) = scene.state.run().failed().and_then(|row| Some((row.kind, row.failure.as_ref()?)))
    {
        let explanation = failures::explain_step(kind, failure);
        add("What stands in the way", theme.title, 0);
        add(format!("{} {}", explanation.says, explanation.fix).trim(), theme.plain, 2);
        if let Some(remedy) = &explanation.remedy {
            add(remedy.text(), theme.title, 2);
        }
        add("", theme.plain, 0);
    }
    add(scene.title(), theme.title, 0);
    add(&scene.help(), theme.plain, 0);
    add(&crate::words::read_on(scene.state.place.here), theme.dim, 0);
    if !scene.verdicts.is_empty() {
        add("", theme.plain, 0);
        add("What is proven here", theme.title, 0);
    }
    for (check, verdict) in &scene.verdicts {
        let Some(words) = scene.words.check(*check) else { continue };
        let (sign, style) = canvas.verdict(verdict);
        add(&format!("{sign} {} ({})", words.label, check.id()), style, 0);
        add(&words.proves, theme.dim, 2);
        match verdict {
            Verdict::Good(evidence) | Verdict::Unknown(evidence) => add(evidence, theme.plain, 2),
            Verdict::Found(findings) if verdict.severity() <= Some(Severity::Unknown) => {
                for finding in findings {
                    add(&finding.says, theme.plain, 2);
                }
            }
            Verdict::Found(_) | Verdict::NotYet | Verdict::Running | Verdict::DoesNotApply => {}
        }
    }
    add("", theme.plain, 0);
    add("Keys", theme.title, 0);
    for binding in bindings::for_screen(scene.state, scene.state.has_remedy(scene.foremost.as_ref())) {
        let letter = binding.letter.filter(|_| !binding.keys.is_empty());
        let beside = letter.map_or_else(String::new, |letter| format!(" or Alt-{}", letter.to_ascii_uppercase()));
        add(&format!("{}{beside}: {}", binding.cap, binding.label), theme.plain, 0);
    }
    add("A letter after Alt does its work without Alt too, where no text is typed.", theme.plain, 0);
    add(
        "Tab and Shift-Tab move between the fields, left and right choose, {key:next} goes on, {key:back} goes back.",
        theme.plain,
        0,
    );
    add("Alt-1 to Alt-9 go to a screen that was reached before. {key:quit} ends the program and asks first.", theme.plain, 0);
    lines
}

/// The indentation of a wrapped line's continuation.
const REST: u16 = 4;
/// The indentation of the lines below their step.
const INDENT: u16 = 2;

/// Draws the programs' output, scrolled: first the step that failed or is running, because operators look for that,
/// then the others in order.
pub fn draw_output(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let run = scene.state.run();
    let width = area.width.saturating_sub(2);
    let mut lines = vec![Line::new("What Octopus Server printed, with secrets masked", theme.title)];
    let first = |kind| run.rows.iter().any(|row| row.kind == kind && (row.failure.is_some() || row.since.is_some()));
    let (ahead, behind): (Vec<_>, Vec<_>) =
        run.rows.iter().filter(|row| !run.output_of(row.kind).is_empty()).partition(|row| first(row.kind));
    for row in ahead.into_iter().chain(behind) {
        let step = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
        let failed = if row.failure.is_some() { ", failed" } else { "" };
        lines.push(Line::blank());
        lines.push(Line::new(format!("{}{failed}", step.map_or(row.kind.id(), |step| step.title.as_str())), theme.accent));
        for said in run.output_of(row.kind) {
            let said = said.as_str();
            let head = text::wrap(said, width.saturating_sub(INDENT)).first().map_or(0, |first| first.len());
            let (head, rest) = said.split_at(head);
            lines.push(Line::default().with(INDENT, head, theme.plain));
            sheet::wrap_rest(&mut lines, rest.trim_start(), REST, width, theme.plain);
        }
    }
    sheet::draw(canvas, area, &lines, scroll);
}

/// The indentation of a wrapped script line's continuation.
const SCRIPT_REST: u16 = 8;

/// Draws the plan as a script, scrolled. Secrets appear only as references, so nothing has to be hidden.
pub fn draw_script(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let Some(plan) = &scene.state.run().plan else {
        canvas.put(row(area, 0), "There is no plan.", theme.dim);
        return;
    };
    let shell = Shell::of(plan.node.platform);
    let mut lines = vec![Line::new(format!("The same in {}, for Octopus Server's own command line", shell.name()), theme.title)];
    let intro = if plan.hand_over.is_some() {
        "The plan's last steps run these commands themselves, with more care. octopus-setup script prints them later, or a compose file."
    } else {
        "It is not run from here. Once the node config is written, octopus-setup script prints it, or a compose file."
    };
    sheet::wrap(&mut lines, intro, 0, area.width.saturating_sub(2), theme.dim);
    lines.push(Line::blank());
    // The last two columns are reserved for the signs that there are more lines.
    let width = area.width.saturating_sub(2);
    for line in render::script(plan, shell).lines() {
        let style = if line.starts_with('#') { theme.dim } else { theme.plain };
        let first = text::wrap(line, width).first().map_or(0, |first| first.len());
        let (head, rest) = line.split_at(first);
        lines.push(Line::new(head, style));
        sheet::wrap_rest(&mut lines, rest.trim_start(), SCRIPT_REST, width, style);
    }
    sheet::draw(canvas, area, &lines, scroll);
}

/// The width of the labels.
const LABEL: u16 = 10;
/// The width of 16 bytes with colons between them; a SHA-256 takes two such lines.
const HALF: u16 = 47;

/// Draws the certificate in place of the screen, scrolled.
pub fn draw_certificate(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let Some(certificate) = &scene.state.facts.server.certificate else {
        canvas.put(row(area, 0), "The certificate is being asked for.", theme.dim);
        return;
    };
    let mut lines = vec![Line::new("The server's certificate", theme.title)];
    // Blank lines are left out first if there is little room.
    if area.height >= 10 {
        lines.push(Line::blank());
    }
    lines.extend(certificate_lines(canvas, certificate, area.width));
    let shown = scroll.window(lines.len(), area.height);
    sheet::put_lines(canvas, area, &lines[shown.clone()]);
    sheet::marks(canvas, area, &shown, lines.len());
}

/// Draws the certificate below the checks if all of it fits.
pub fn draw_certificate_beside(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let Some(certificate) = &scene.state.facts.server.certificate else { return };
    let lines = certificate_lines(canvas, certificate, area.width);
    if lines.len() <= usize::from(area.height) {
        sheet::put_lines(canvas, area, &lines);
    }
}

/// Returns the indentation of the fingerprint: none if half of it does not fit after the labels.
const fn fingerprint_indent(width: u16) -> u16 {
    if width >= LABEL + HALF || width < HALF { LABEL } else { 0 }
}

fn certificate_lines(canvas: &Canvas<'_>, certificate: &ServerCertificate, width: u16) -> Vec<Line> {
    let (plain, dim) = (canvas.theme.plain, canvas.theme.dim);
    let mut lines = Vec::with_capacity(12);
    let mut add = |label: &'static str, words: &str| {
        let wrapped = text::wrap(words, width.saturating_sub(LABEL));
        // A certificate may list a hundred names. The first lines of them are enough, and the rest must not push the
        // fingerprint out of sight.
        let most = 3;
        for (number, words) in wrapped.iter().take(most).enumerate() {
            let label = if number == 0 { label } else { "" };
            let cut = number + 1 == most && wrapped.len() > most;
            let words = if cut { text::fit(&format!("{words} …"), width - LABEL) } else { (*words).to_owned() };
            lines.push(Line::new(label, dim).with(LABEL, words, plain));
        }
    };
    add("Subject", certificate.subject.as_str());
    add("Issuer", if certificate.self_signed { "itself" } else { certificate.issuer.as_str() });
    let names: Vec<&str> = certificate.names.iter().map(crate::model::untrusted::Untrusted::as_str).collect();
    add("Names", if names.is_empty() { "none".to_owned() } else { names.join(", ") }.as_str());
    let left = match certificate.days_left {
        ..=-1 => "over".to_owned(),
        0 => "ends today".to_owned(),
        1 => "1 day left".to_owned(),
        days @ ..=730 => format!("{days} days left"),
        days => format!("{} years left", days / 365),
    };
    add("Valid", &format!("{} to {}, {left}", format::day(certificate.not_before), format::day(certificate.not_after)));
    let digest = format::sha256(&certificate.sha256);
    let bytes: Vec<&str> = digest.split(':').collect();
    // 16 or 8 bytes per line are easy to follow when read out over the telephone.
    let per_line = if width >= HALF { 16 } else { 8 };
    let indent = fingerprint_indent(width);
    let mut label = "SHA-256";
    if indent == 0 {
        lines.push(Line::new(label, dim));
        label = "";
    }
    for bytes in bytes.chunks(per_line) {
        lines.push(Line::new(std::mem::take(&mut label), dim).with(indent, bytes.join(":"), canvas.theme.title));
    }
    lines
}
