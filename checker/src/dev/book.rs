//! `checker dev book`: the book as static files, with its links checked.

use std::path::Path;

use anyhow::bail;

use crate::Exit;
use crate::course_book;

pub fn run(root: &Path, out: Option<&Path>) -> anyhow::Result<Exit> {
    let destination = out.map_or_else(|| root.join("book-output"), Path::to_path_buf);
    let built = course_book::build(root, &destination)?;
    for warning in &built.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    let broken = book::check_links(&destination)?;
    for link in &broken {
        anstream::eprintln!("{link}");
    }
    if !broken.is_empty() {
        bail!("{} links of the book lead nowhere", broken.len());
    }
    anstream::println!("{} pages in {}", built.pages.len(), destination.display());
    Ok(Exit::Success)
}
