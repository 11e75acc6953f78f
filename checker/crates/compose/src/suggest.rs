//! The nearest known name for one that is not known.

/// The candidate that `name` was most likely meant to be, or nothing when none is near.
///
/// Letters that are swapped, missing, added or wrong count one each. A third of the letters may be wrong; case never
/// counts. A name that is a part of just one candidate means that one.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    // Beyond this nobody mistyped a name, and the comparison would cost its square.
    if name.len() > 64 {
        return None;
    }
    let allowed = (name.chars().count().div_ceil(3)).max(1);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let near = candidates
        .iter()
        .map(|candidate| (distance(&name, &plain(candidate)), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or_else(|| {
        let mut longer = candidates
            .iter()
            .filter(|candidate| plain(candidate).contains(&name));
        let only = longer
            .next()
            .filter(|_| name.len() >= 3 && longer.next().is_none());
        only.copied()
    })
}

/// Names for a person to choose from, the first ones of many: `etcd, minio, standalone`.
pub(crate) fn listed(names: &[&str]) -> String {
    const MOST: usize = 20;
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

/// Case and the choice between `-` and `_` are no difference worth counting.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// Number of single edits between two words, where swapping two neighbours is one edit.
pub fn distance(one: &str, two: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let two: Vec<char> = two.chars().collect();
    let mut before_last = vec![0; two.len() + 1];
    let mut last: Vec<usize> = (0..=two.len()).collect();
    for row in 1..=one.len() {
        let mut current = vec![row; two.len() + 1];
        for column in 1..=two.len() {
            let same = one[row - 1] == two[column - 1];
            let replaced = last[column - 1] + usize::from(!same);
            let mut best = replaced.min(last[column] + 1).min(current[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == two[column - 2]
                && one[row - 2] == two[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            current[column] = best;
        }
        before_last = last;
        last = current;
    }
    last[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_finds_the_one_that_was_meant() {
        let keys = [
            "ports",
            "expose",
            "environment",
            "image",
            "depends_on",
            "volumes",
        ];
        for (typed, meant) in [
            ("prots", Some("ports")),
            ("enviroment", Some("environment")),
            ("Image", Some("image")),
            ("depends-on", Some("depends_on")),
            ("volume", Some("volumes")),
            ("env", Some("environment")),
            ("replicas", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, keys), meant, "{typed}");
        }
    }
}
