//! The fields of the places that have some.

use crate::format::Place;

/// Whether a place has a field of this name; one whose fields nobody can know has any.
///
/// # Errors
/// Which it has, for the author.
pub fn has_field(place: &Place, name: &str) -> Result<(), String> {
    let fields: &[&str] = match place {
        // Made in `inside`.
        Place::File(_) => &["kind", "size", "mode", "uid", "gid", "link"],
        Place::FirstProcess(_) => &["command", "user", "children"],
        // Made in `proc_status`.
        Place::ProcOf(_) => &["zombies", "name", "user", "catches", "capabilities"],
        _ => return Ok(()),
    };
    if fields.contains(&name) {
        return Ok(());
    }
    Err(format!(
        "there is no field `{name}` here; there are `{}`",
        fields.join("`, `")
    ))
}
