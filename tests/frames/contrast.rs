//! Signs and findings can be read: on the default palettes of terminals, light and dark, their contrast is 4.5 to 1 or more (WCAG 2.2,
//! 1.4.3).

use octopus_setup::faces::tui::{Colours, Scene, Tui, TuiOptions};
use octopus_setup::model::field::FieldId;
use octopus_setup::wizard::state::Focus;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::keys::every_state;
use crate::states;

const LEAST: f64 = 4.5;

/// A terminal's colours as it comes: text, background, and the sixteen in their order.
struct Palette {
    name: &'static str,
    is_dark: bool,
    text: u32,
    background: u32,
    sixteen: [u32; 16],
}

/// xterm's `charproc.c` and `XTerm-col.ad`: `red3` and so on of X11's `rgb.txt`.
const XTERM: [u32; 16] = [
    0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, 0x7f_7f7f, 0xff_0000, 0x00_ff00,
    0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
];

/// VTE's own (`vte.cc`, `Terminal::set_colors`): 0xc000 a channel, and 0x3fff more for the bright ones.
const VTE: [u32; 16] = [
    0x00_0000, 0xc0_0000, 0x00_c000, 0xc0_c000, 0x00_00c0, 0xc0_00c0, 0x00_c0c0, 0xc0_c0c0, 0x3f_3f3f, 0xff_3f3f, 0x3f_ff3f,
    0xff_ff3f, 0x3f_3fff, 0xff_3fff, 0x3f_ffff, 0xff_ffff,
];

/// GNOME's terminals over VTE (Ptyxis, Console): `palettes/gnome.palette`, whose first colour differs on light.
const GNOME: [u32; 16] = [
    0x1d_1d20, 0xc0_1c28, 0x2e_c27e, 0xf5_c211, 0x1e_78e4, 0x98_41bb, 0x0a_b9dc, 0xc0_bfbc, 0x5e_5c64, 0xed_333b, 0x57_e389,
    0xf8_e45c, 0x51_a1ff, 0xc0_61cb, 0x4f_d2fd, 0xf6_f5f4,
];

/// The kernel's `drivers/tty/vt/vt.c`: `default_red`, `default_grn`, `default_blu`.
const LINUX: [u32; 16] = [
    0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa, 0x55_5555, 0xff_5555, 0x55_ff55,
    0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
];

/// Windows Terminal's `defaults.json`: Campbell, with which it comes, and One Half Light, its light one.
const CAMPBELL: [u32; 16] = [
    0x0c_0c0c, 0xc5_0f1f, 0x13_a10e, 0xc1_9c00, 0x00_37da, 0x88_1798, 0x3a_96dd, 0xcc_cccc, 0x76_7676, 0xe7_4856, 0x16_c60c,
    0xf9_f1a5, 0x3b_78ff, 0xb4_009e, 0x61_d6d6, 0xf2_f2f2,
];
const ONE_HALF_LIGHT: [u32; 16] = [
    0x38_3a42, 0xe4_5649, 0x50_a14f, 0xc1_8301, 0x01_84bc, 0xa6_26a4, 0x09_97b3, 0xfa_fafa, 0x4f_525d, 0xdf_6c75, 0x98_c379,
    0xe4_c07a, 0x61_afef, 0xc5_77dd, 0x56_b5c1, 0xff_ffff,
];

const fn palette(name: &'static str, is_dark: bool, text: u32, background: u32, sixteen: [u32; 16]) -> Palette {
    Palette { name, is_dark, text, background, sixteen }
}

const PALETTES: [Palette; 8] = [
    palette("xterm", false, 0x00_0000, 0xff_ffff, XTERM),
    palette("xterm -rv", true, 0xff_ffff, 0x00_0000, XTERM),
    palette("VTE", true, 0xc0_c0c0, 0x00_0000, VTE),
    palette("GNOME, dark", true, 0xff_ffff, 0x1d_1d20, GNOME),
    palette("GNOME, light", false, 0x1d_1d20, 0xff_ffff, GNOME),
    palette("Windows Terminal, Campbell", true, 0xcc_cccc, 0x0c_0c0c, CAMPBELL),
    palette("Windows Terminal, One Half Light", false, 0x38_3a42, 0xfa_fafa, ONE_HALF_LIGHT),
    palette("Linux console", true, 0xaa_aaaa, 0x00_0000, LINUX),
];

/// The relative luminance of sRGB (WCAG 2.2).
fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes().map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126f64.mul_add(red, 0.7152f64.mul_add(green, 0.0722 * blue))
}

fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The colour of a cell's text; colours that are not of the sixteen are a defect.
fn colour(palette: &Palette, colour: Color) -> u32 {
    const ORDER: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    let place = ORDER.iter().position(|one| *one == colour);
    assert!(place.is_some() || colour == Color::Reset, "{colour:?} is not of the sixteen");
    place.map_or(palette.text, |place| palette.sixteen[place])
}

/// The cells of every screen that has one, the database's with findings of each weight among them.
fn cells(colours: Colours) -> Vec<Cell> {
    let mut failing = states::database();
    failing.place.focus = Focus::Field(FieldId::Server);
    let findings = states::database_scene(&failing, states::half_way());
    let mut all = Vec::new();
    let states = every_state();
    for scene in states.iter().map(Scene::new).chain([findings]) {
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a terminal");
        let mut tui = Tui::new(TuiOptions { colours, ..TuiOptions::default() });
        terminal.draw(|frame| tui.draw_scene(frame, &scene)).expect("a frame");
        all.extend(terminal.backend().buffer().content.iter().filter(|cell| !cell.symbol().trim().is_empty()).cloned());
    }
    all
}

#[test]
fn what_is_drawn_can_be_read_on_every_terminal_s_own_colours() {
    for colours in [Colours::OnDark, Colours::None] {
        let cells = cells(colours);
        assert!(["✔", "!", "✖"].iter().all(|sign| cells.iter().any(|cell| cell.symbol() == *sign)), "a sign is on no screen");
        for palette in PALETTES.iter().filter(|palette| palette.is_dark || colours == Colours::None) {
            // How far a terminal dims is its own affair; what is dimmed is an aside, and no sign or finding.
            for cell in cells.iter().filter(|cell| !cell.modifier.contains(Modifier::DIM)) {
                let (text, background) = (colour(palette, cell.fg), palette.background);
                assert_eq!(cell.bg, Color::Reset, "{cell:?}");
                let found = contrast(text, background);
                assert!(found >= LEAST, "{}: {:?} in {:?} has {found:.1}", palette.name, cell.symbol(), cell.fg);
            }
        }
    }
}

#[test]
fn a_stop_a_warning_and_what_is_good_are_never_dimmed() {
    for colours in [Colours::OnDark, Colours::None] {
        for cell in cells(colours).iter().filter(|cell| ["✔", "✖"].contains(&cell.symbol())) {
            assert!(!cell.modifier.contains(Modifier::DIM), "{cell:?}");
        }
    }
}

/// Why there are colours on a dark background only: each of the sixteen fails somewhere.
#[test]
fn none_of_the_sixteen_can_be_read_on_all_of_them() {
    for place in 0..16 {
        let worst = PALETTES.iter().map(|palette| contrast(palette.sixteen[place], palette.background)).fold(f64::MAX, f64::min);
        assert!(worst < LEAST, "{place}: {worst:.1}");
    }
}

#[test]
fn contrast_is_computed_as_wcag_says() {
    assert!((contrast(0, 0xff_ffff) - 21.0).abs() < 0.01);
    assert!((contrast(0x77_7777, 0xff_ffff) - 4.48).abs() < 0.01);
}
