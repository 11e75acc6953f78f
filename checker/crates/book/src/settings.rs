//! `book.toml`, and what is the same for every book that is built here.

use crate::error::BuildError;
use mdbook_driver::config::Config;
use serde::de::IgnoredAny;
use std::path::Path;

/// Reads `book.toml` in `root` for a book that goes to `destination`, which is absolute.
pub(crate) fn read(root: &Path, destination: &Path) -> Result<Config, BuildError> {
    let file = root.join("book.toml");
    let objection = |problem: String| BuildError::Settings {
        file: file.clone(),
        problem,
    };
    let text = std::fs::read_to_string(&file).map_err(|error| objection(error.to_string()))?;
    let mut config: Config = text
        .parse()
        .map_err(|error| objection(format!("{error:#}")))?;

    only_known(&config.outputs::<IgnoredAny>(), &["html"], "output").map_err(objection)?;
    only_known(
        &config.preprocessors::<IgnoredAny>(),
        &["index", "links"],
        "preprocessor",
    )
    .map_err(objection)?;

    config.build.build_dir = destination.to_owned();
    // A chapter that is not there is a mistake; building a book never writes into its source.
    config.build.create_missing = false;
    config.build.use_default_preprocessors = true;
    // A runnable Rust block makes the page ask play.rust-lang.org as soon as it is shown.
    config
        .set("output.html.playground.runnable", false)
        .map_err(|error| objection(format!("{error:#}")))?;
    config
        .set("output.html.mathjax-support", false)
        .map_err(|error| objection(format!("{error:#}")))?;
    Ok(config)
}

/// Any other table would make mdBook run a command, and this book needs nothing installed.
fn only_known<Failure: std::fmt::Display>(
    tables: &Result<std::collections::BTreeMap<String, IgnoredAny>, Failure>,
    known: &[&str],
    kind: &str,
) -> Result<(), String> {
    let tables = tables.as_ref().map_err(|error| format!("{error:#}"))?;
    match tables.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(format!(
            "the table [{kind}.{name}] would run another program; take it out (known here: {})",
            known.join(", ")
        )),
    }
}
