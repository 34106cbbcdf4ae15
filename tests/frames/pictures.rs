//! The pictures of the documentation, drawn from the real screens: `UPDATE_PICTURES=1 cargo test --test frames pictures` writes them, and a
//! picture that is not what the program draws fails.

use std::fmt::Write;
use std::path::Path;

use octopus_setup::faces::tui::{Scene, Tui, TuiOptions};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::web::ListenPrefix;
use octopus_setup::wizard::state::{Focus, State};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::{cluster_wide, clusters, handing_over, review, states};

/// The size of a cell in pixels.
const CELL: (usize, usize) = (9, 19);
/// The space around the screen.
const EDGE: usize = 12;
/// Of a dark terminal.
const BACKGROUND: &str = "#1c1c1c";

/// The pictures, each with the screen that it shows.
fn pictures() -> Vec<(&'static str, State)> {
    let shown = |screen| states::on(screen);
    let mut database = states::database();
    database.place.focus = Focus::Field(FieldId::Server);
    let mut planned = states::review();
    if let Some(plan) = &mut states::run(&mut planned).plan {
        plan.node.web.prefixes = ListenPrefix::parse_all("http://+:80/").expect("a prefix");
    }
    vec![
        ("start", states::start()),
        ("home", shown(ScreenId::Home)),
        ("service", shown(ScreenId::Service)),
        ("database", database),
        ("storage", cluster_wide::on(ScreenId::Storage, &cluster_wide::ROOT)),
        ("octopus-server", shown(ScreenId::Octopus)),
        ("plan", planned),
        ("install", states::install()),
        ("install-failed", states::failed()),
        ("hand-over", handing_over::running()),
        ("master-key", states::master_key()),
        ("done", states::done()),
        ("cluster", clusters::join(clusters::two())),
        ("review-node", review::section(ScreenId::Node)),
        ("review-checks", review::section(ScreenId::Proof)),
        ("review-drift", review::section(ScreenId::Drift)),
    ]
}

fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2 * EDGE, rows * CELL.1 + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"DejaVu Sans Mono, Consolas, \
         monospace\" font-size=\"15\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let mut column = 0;
        while column < columns {
            let like = |cell: &&Cell| (cell.fg, cell.modifier) == (cells[column].fg, cells[column].modifier);
            let run: Vec<&Cell> = cells[column..].iter().take_while(like).collect();
            let text: String = run.iter().map(|cell| cell.symbol()).collect();
            let underlined = cells[column].modifier.contains(Modifier::UNDERLINED);
            if !text.trim().is_empty() || underlined {
                put(&mut svg, (column, row), &text, cells[column].fg, cells[column].modifier);
            }
            column += run.len();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn put(svg: &mut String, (column, row): (usize, usize), text: &str, colour: Color, style: Modifier) {
    let (x, y) = (EDGE + column * CELL.0, EDGE + row * CELL.1 + 15);
    let length = text.chars().count() * CELL.0;
    let fill = match colour {
        Color::LightCyan => "#5fd7d7",
        Color::LightGreen => "#87d787",
        Color::LightYellow => "#d7c45f",
        _ => "#d6d6d6",
    };
    let mut attributes = String::new();
    for (flag, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " fill-opacity=\"0.65\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        attributes.push_str(if style.contains(flag) { attribute } else { "" });
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" xml:space=\"preserve\" fill=\"{fill}\"{attributes}>{escaped}</text>"
    )
    .expect("a string takes it");
}

#[test]
fn the_pictures_of_the_documentation_are_what_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let mut stale = Vec::new();
    for (name, state) in pictures() {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
        let mut tui = Tui::new(TuiOptions::default());
        terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).expect("a frame");
        let drawn = svg(terminal.backend().buffer());
        let path = folder.join(format!("{name}.svg"));
        if std::fs::read_to_string(&path).is_ok_and(|there| there == drawn) {
            continue;
        }
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, drawn).expect("written");
        } else {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?} are stale: UPDATE_PICTURES=1 cargo test --test frames pictures");
}
