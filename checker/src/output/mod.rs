//! A report as text: for a person, and in three formats for programs.

pub mod dates;
pub mod human;
pub mod json;
pub mod junit;
pub mod lint;
pub mod sarif;
pub mod style;

/// Tells an error on stderr.
pub fn error(error: &anyhow::Error) {
    let word = style::painted(style::BAD, "error");
    anstream::eprintln!("{word}: {}", typed(&format!("{error:#}")));
}

/// Commands in a text as they can be typed here: through cargo, `checker` is not on the PATH.
pub fn typed(text: &str) -> String {
    const COMMANDS: [&str; 15] = [
        "config", "verify", "hint", "solution", "reset", "explain", "doctor", "init", "drill",
        "list", "next", "open", "serve", "status", "lint",
    ];
    if std::env::var_os("CARGO").is_none() {
        return text.to_owned();
    }
    COMMANDS.iter().fold(text.to_owned(), |text, command| {
        text.replace(
            &format!("checker {command}"),
            &format!("cargo run --release -- {command}"),
        )
    })
}
