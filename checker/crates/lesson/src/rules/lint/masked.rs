//! The files of a project with every secret painted over, for whatever shows their lines.

use compose::{Origin, Sources, Span, Step, VariableOrigin};

use super::credentials;
use crate::build::{shown_path, variables_in_dockerfiles};
use crate::scene::Scene;

/// A secret of at least this length is painted over wherever it stands; a shorter one would hit other words.
const LONG_ENOUGH: usize = 8;

/// The files of a project with `*` in the place of each secret. Every other character stays where it was.
///
/// A password that everybody knows is no secret and stays: that it is used is what has to be seen.
pub fn masked(scene: &Scene<'_>) -> Sources {
    let sources = &scene.loaded.sources;
    let mut texts: Vec<(String, String)> = sources
        .iter()
        .map(|(_, source)| (source.path.clone(), source.text.clone()))
        .collect();
    let names = credentials::plain_names(scene);
    for credential in credentials::all(scene) {
        if credential.is_well_known() {
            continue;
        }
        for span in places(&credential.node.origin) {
            if let Some((_, text)) = texts.get_mut(span.source.0 as usize) {
                paint_in(text, span, &credential.secret);
            }
        }
        if credential.secret.len() >= LONG_ENOUGH && !names.contains(&credential.secret) {
            let stars = "*".repeat(credential.secret.len());
            for (_, text) in &mut texts {
                *text = text.replace(&credential.secret, &stars);
            }
        }
    }
    for (_, span, name, value) in variables_in_dockerfiles(&scene.evidence.files, scene.loaded) {
        let secret = credentials::in_variable(&name, &value).map(|(secret, _)| secret.to_owned());
        if let Some((secret, (_, text))) = secret.zip(texts.get_mut(span.source.0 as usize)) {
            paint_in(text, span, &secret);
        }
    }
    if scene.project().is_none() {
        texts.iter_mut().for_each(|(_, text)| *text = by_name(text));
    }
    let mut masked = Sources::new();
    for (path, text) in texts {
        masked.add(shown_path(&path), text);
    }
    masked
}

/// Of a file that Compose refuses nothing is known but its text: what follows a name that carries a secret is painted over.
fn by_name(text: &str) -> String {
    let mut painted = text.to_owned();
    for (sign, _) in text.match_indices([':', '=']) {
        let before = text[..sign].trim_end_matches(['"', '\'']);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let name = before.trim_end_matches(is_part).len();
        let name = &before[name..];
        let line = text[sign + 1..].lines().next().unwrap_or_default();
        let value = line.trim_start_matches([' ', '"', '\'']);
        let from = sign + 1 + line.len() - value.len();
        // In a list in one line the value ends sooner; a password may have any of these signs, but only to its end.
        let end = value
            .find(['"', '\'', ',', ']', '}', ' '])
            .unwrap_or(value.len());
        for value in [value.trim_end(), &value[..end]] {
            if let Some((secret, _)) = credentials::in_variable(name, value) {
                let span = from..from + value.len();
                let stars = value.replace(secret, &"*".repeat(secret.len()));
                painted.replace_range(span, &stars);
                break;
            }
        }
    }
    painted
}

/// Where a value is written, and where the variables in it were set.
fn places(origin: &Origin) -> Vec<Span> {
    let variables = origin.steps.iter().filter_map(|step| match step {
        Step::Interpolated {
            from: VariableOrigin::File(span),
            ..
        } => Some(*span),
        _ => None,
    });
    std::iter::once(origin.span).chain(variables).collect()
}

/// Paints the secret over in a stretch of a text; where it is spelled otherwise there, everything behind the name.
fn paint_in(text: &mut String, span: Span, secret: &str) {
    let (start, end) = (span.start as usize, span.end as usize);
    let Some(part) = text.get(start..end) else {
        return;
    };
    let painted = if part.contains(secret) {
        part.replace(secret, &"*".repeat(secret.len()))
    } else if part.contains("${") {
        // The value comes from elsewhere.
        return;
    } else {
        let name = part.find('=').map_or(0, |equals| equals + 1);
        let star = |letter: char| {
            if letter.is_whitespace() {
                letter.to_string()
            } else {
                "*".repeat(letter.len_utf8())
            }
        };
        let rest: String = part[name..].chars().map(star).collect();
        format!("{}{rest}", &part[..name])
    };
    text.replace_range(start..end, &painted);
}

#[cfg(test)]
mod tests {
    use super::masked;

    fn shown(compose: &str) -> String {
        crate::testing::look_at_file(compose, |scene| {
            assert!(scene.project().is_some(), "{:?}", scene.loaded.findings);
            let masked = masked(scene);
            let text = masked
                .iter()
                .map(|(_, source)| source.text.clone())
                .collect();
            let _: &String = &text;
            text
        })
    }

    #[test]
    fn secrets_are_painted_over_wherever_they_stand() {
        let compose = "# kite-battery-9\nservices:\n  web:\n    image: x\n    environment:\n      - A_PASSWORD=kite-battery-9\n      - B_PASS=pw1\n      - URL=a://u:pw2@h\n";
        let shown = shown(compose);
        assert_eq!(shown.len(), compose.len());
        for secret in ["kite", "pw1", "pw2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(
            shown.contains("B_PASS=***") && shown.contains("a://u:***@h"),
            "{shown}"
        );
    }

    #[test]
    fn other_spellings_are_painted_over_too() {
        let compose = "services: {web: {image: x, environment: {A_PASSWORD: \"\\x70a$$word12\", B_PASSWORD: 0123456700}}}";
        let shown = shown(compose);
        assert!(
            !shown.contains("word12") && !shown.contains("1234567"),
            "{shown}"
        );
    }

    #[test]
    fn a_file_that_is_refused_keeps_its_secrets_as_well() {
        let compose = "services:\n  web:\n    imagee: x\n    environment:\n      A_PASSWORD: \"kite-battery-9\"\n";
        let shown = crate::testing::look_at_file(compose, |scene| {
            assert!(scene.project().is_none());
            masked(scene)
                .iter()
                .map(|(_, source)| source.text.clone())
                .collect::<String>()
        });
        assert!(
            !shown.contains("kite") && shown.len() == compose.len(),
            "{shown}"
        );
    }

    #[test]
    fn names_stay_readable() {
        let compose =
            "services: {wordpress: {image: wordpress, environment: {DB_PASSWORD: wordpress}}}";
        let shown = shown(compose);
        assert!(
            shown.contains("image: wordpress") && shown.contains("DB_PASSWORD: *********"),
            "{shown}"
        );
    }
}
