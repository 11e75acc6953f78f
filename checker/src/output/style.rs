//! The few colours there are. A word always says the same as the colour.

use anstyle::{AnsiColor, Style};

/// Good.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Bad.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Neither.
pub const OPEN: Style = AnsiColor::Yellow.on_default().bold();
/// Advice.
pub const ADVICE: Style = AnsiColor::Cyan.on_default().bold();
/// Headings.
pub const STRONG: Style = Style::new().bold();

/// A text in a style.
pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
