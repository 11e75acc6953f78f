//! Mends in mdBook's pages what no style sheet can: names and roles for people who listen to a page or use no mouse, and a
//! menu of themes that offers only what looks different.

use std::io;
use std::path::{Path, PathBuf};

/// What stands in mdBook's page, and what stands there instead. What a page does not have is left alone; the tests say when
/// mdBook's own page has changed.
const MENDS: &[(&str, &str)] = &[
    // The switch of the sidebar is a checkbox that no key reaches, with a label that is called a button. So the checkbox gets the
    // name and the focus, and the label is for the pointer alone.
    (
        r#"id="mdbook-sidebar-toggle-anchor" class="hidden">"#,
        r#"id="mdbook-sidebar-toggle-anchor" class="off-screen" aria-label="Table of contents" aria-controls="mdbook-sidebar">"#,
    ),
    (
        r#"title="Toggle Table of Contents" aria-label="Toggle Table of Contents" aria-controls="mdbook-sidebar">"#,
        r#"title="Table of contents" aria-hidden="true">"#,
    ),
    // theme/book.css knows two looks. These three would be doubles of them.
    (
        r#"<li role="none"><button role="menuitem" class="theme" id="mdbook-theme-rust">Rust</button></li>"#,
        "",
    ),
    (
        r#"<li role="none"><button role="menuitem" class="theme" id="mdbook-theme-coal">Coal</button></li>"#,
        "",
    ),
    (
        r#"<li role="none"><button role="menuitem" class="theme" id="mdbook-theme-ayu">Ayu</button></li>"#,
        "",
    ),
    (
        r#"id="mdbook-theme-navy">Navy<"#,
        r#"id="mdbook-theme-navy">Dark<"#,
    ),
    // A page has one first heading, its chapter's; the book's title above it belongs to the bar.
    (
        r#"<div id="mdbook-menu-bar" class="#,
        r#"<div id="mdbook-menu-bar" role="banner" class="#,
    ),
    (
        r#"<h1 class="menu-title">"#,
        r#"<h1 class="menu-title" role="none">"#,
    ),
    (
        r#"<div id="mdbook-search-wrapper" class="#,
        r#"<div id="mdbook-search-wrapper" role="search" class="#,
    ),
    (
        r#"aria-describedby="searchresults-header">"#,
        r#"aria-label="Search this book" aria-describedby="mdbook-searchresults-header">"#,
    ),
    (
        r#"<div id="mdbook-help-popup">"#,
        r#"<div id="mdbook-help-popup" role="dialog" aria-label="Keyboard shortcuts">"#,
    ),
];

/// Mends every page of a finished book in its place.
pub(crate) fn mend_all(destination: &Path, pages: &[PathBuf]) -> io::Result<()> {
    for page in pages {
        let path = destination.join(page);
        let text = std::fs::read_to_string(&path)?;
        std::fs::write(&path, mend(&text))?;
    }
    Ok(())
}

fn mend(page: &str) -> String {
    let mended = MENDS.iter().fold(page.to_owned(), |page, (from, to)| {
        page.replacen(from, to, 1)
    });
    without_role_on_details(&mended)
}

/// mdbook-admonish calls every box a note. One that folds is a group already, and may not be both.
fn without_role_on_details(page: &str) -> String {
    const TAG: &str = "<details ";
    let mut pieces = page.split(TAG);
    let mut mended = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find('>').unwrap_or(piece.len());
        let (attributes, rest) = piece.split_at(end);
        mended.push_str(TAG);
        mended.push_str(&attributes.replace(r#" role="note""#, ""));
        mended.push_str(rest);
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn a_foldable_box_is_no_note_and_any_other_box_stays_one() {
        let fold = r#"<details class="admonition" role="note"><p role="note">a</p></details>"#;
        assert_eq!(
            mend(fold),
            r#"<details class="admonition"><p role="note">a</p></details>"#
        );
        let open = r#"<div class="admonition" role="note">a</div>"#;
        assert_eq!(mend(open), open);
    }
}
