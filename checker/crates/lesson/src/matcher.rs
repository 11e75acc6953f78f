//! Matchers on values: goss' words, and those that understand what a value stands for.

use serde::Deserialize;
use serde_json::Value;

use crate::command::runs;
use crate::format::{ImageExpected, Matcher, Matchers, Place, Range};

/// What a value is found to be instead; both texts complete the sentence of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// What stands there.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl Differs {
    /// Says of which field it speaks.
    pub fn of_field(self, path: &str) -> Self {
        let found = match self.found.strip_prefix("it is ") {
            Some(rest) => format!("`{path}` is {rest}"),
            None => format!("`{path}`: {}", self.found),
        };
        Self { found, ..self }
    }

    fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            expected: expected.into(),
        }
    }
}

/// What came of holding a value against a matcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched {
    /// It fits.
    Yes,
    /// It does not.
    No(Differs),
    /// The value does not say; the text tells why.
    Unclear(String),
}

impl Matched {
    /// Says of which field it speaks.
    pub fn of_field(self, path: &str) -> Self {
        match self {
            Self::No(differs) => Self::No(differs.of_field(path)),
            other => other,
        }
    }

    fn when(fits: bool, differs: impl FnOnce() -> Differs) -> Self {
        if fits { Self::Yes } else { Self::No(differs()) }
    }
}

/// Holds a value (none where there is nothing) against a matcher.
///
/// Matchers that need more than the value (`reaches`, `is`, …) are not for here and never fit.
pub fn matches(matcher: &Matcher, value: Option<&Value>) -> Matched {
    if let Matcher::Present(wanted) = matcher {
        return Matched::when(value.is_some() == *wanted, || match value {
            Some(value) => Differs::new(format!("it is {}", shown(value)), "nothing here"),
            None => Differs::new("it is not set", "a value"),
        });
    }
    match matcher {
        Matcher::Not(matchers) => {
            let held = matchers
                .0
                .iter()
                .find(|matcher| matches(matcher, value) == Matched::Yes);
            return Matched::when(held.is_none(), || {
                let part = held.zip(value).and_then(|(held, value)| part(held, value));
                let found = part.map_or_else(|| found(value), |part| format!("{part} is in it"));
                Differs::new(found, describe(matcher))
            });
        }
        Matcher::And(groups) => return every(groups.iter().flat_map(|group| &group.0), value),
        Matcher::Or(groups) => {
            let fits = groups
                .iter()
                .any(|group| every(&group.0, value) == Matched::Yes);
            return Matched::when(fits, || {
                let wanted: Vec<_> = groups.iter().map(describe_all).collect();
                Differs::new(found(value), wanted.join(", or "))
            });
        }
        _ => {}
    }
    let Some(value) = value else {
        return Matched::No(Differs::new("it is not set", describe(matcher)));
    };
    on_value(matcher, value)
}

/// All matchers have to hold; the first that does not is told.
pub fn every<'a>(
    matchers: impl IntoIterator<Item = &'a Matcher>,
    value: Option<&Value>,
) -> Matched {
    let mut unclear = None;
    for matcher in matchers {
        match matches(matcher, value) {
            Matched::Yes => {}
            no @ Matched::No(_) => return no,
            Matched::Unclear(why) => unclear = Some(why),
        }
    }
    unclear.map_or(Matched::Yes, Matched::Unclear)
}

fn on_value(matcher: &Matcher, value: &Value) -> Matched {
    let text = text_of(value);
    let differs = || Differs::new(found(Some(value)), describe(matcher));
    let on_text =
        |fits: &dyn Fn(&str) -> bool| Matched::when(text.as_deref().is_some_and(fits), differs);
    let on_number =
        |fits: &dyn Fn(f64) -> bool| Matched::when(number_of(value).is_some_and(fits), differs);
    match matcher {
        Matcher::Equals(wanted) => Matched::when(same(value, wanted), differs),
        Matcher::HavePrefix(part) => on_text(&|text| text.starts_with(part.as_str())),
        Matcher::HaveSuffix(part) => on_text(&|text| text.ends_with(part.as_str())),
        Matcher::ContainSubstring(part) => on_text(&|text| text.contains(part.as_str())),
        Matcher::MatchRegexp(pattern) => match regex_lite::Regex::new(pattern) {
            Ok(pattern) => on_text(&|text| pattern.is_match(text)),
            Err(error) => Matched::Unclear(format!(
                "the lesson's pattern `{pattern}` cannot be read: {error}"
            )),
        },
        Matcher::ContainElement(wanted) => contains(value, std::slice::from_ref(wanted), differs),
        Matcher::ContainElements(wanted) => contains(value, wanted, differs),
        Matcher::ConsistOf(wanted) => {
            let same_length = value
                .as_array()
                .is_some_and(|items| items.len() == wanted.len());
            if same_length {
                contains(value, wanted, differs)
            } else {
                Matched::No(differs())
            }
        }
        Matcher::HaveLen(length) => Matched::when(length_of(value) == Some(*length), differs),
        Matcher::HaveKey(key) => has_keys(value, std::slice::from_ref(key)),
        Matcher::HaveKeys(keys) => has_keys(value, keys),
        Matcher::Gt(bound) => on_number(&|number| number > *bound),
        Matcher::Ge(bound) => on_number(&|number| number >= *bound),
        Matcher::Lt(bound) => on_number(&|number| number < *bound),
        Matcher::Le(bound) => on_number(&|number| number <= *bound),
        Matcher::Image(wanted) => on_image(wanted, text.as_deref().unwrap_or_default()),
        Matcher::Version(wanted) => version(wanted, text.as_deref().unwrap_or_default()),
        Matcher::Path(wanted) => on_text(&|text| plain_path(text) == plain_path(wanted)),
        Matcher::Duration(range) => {
            let parse = |text: &str| {
                compose::units::duration(text)
                    .ok()
                    .map(|duration| duration.as_secs_f64())
            };
            within(range, text.as_deref().and_then(parse), parse, differs)
        }
        Matcher::Size(range) => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "sizes are compared, not added up"
            )]
            let parse = |text: &str| compose::units::bytes(text).ok().map(|bytes| bytes as f64);
            within(range, text.as_deref().and_then(parse), parse, differs)
        }
        Matcher::Command(words) => {
            let command = words_of(value);
            Matched::when(runs(&command, words), differs)
        }
        _ => Matched::Unclear("this matcher has nothing to do with a value".to_owned()),
    }
}

/// What of a list, or of a text too long to be shown, is meant by a matcher that it meets.
fn part(matcher: &Matcher, value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .filter(|text| text.chars().count() > LONGEST_SHOWN);
    match matcher {
        Matcher::ContainElement(wanted) => {
            let items = value.as_array()?;
            items
                .iter()
                .find(|item| is_element(item, wanted))
                .map(shown)
        }
        Matcher::ContainSubstring(part) => text.map(|_| format!("`{part}`")),
        Matcher::MatchRegexp(pattern) => {
            let pattern = regex_lite::Regex::new(pattern).ok()?;
            // The quotes of a list in JSON are none of the value's.
            let found = pattern.find(text?)?.as_str();
            Some(format!("`{}`", found.trim_matches('"')))
        }
        _ => None,
    }
}

fn found(value: Option<&Value>) -> String {
    match value {
        None => "it is not set".to_owned(),
        Some(value) if length_of(value) == Some(0) => "it is empty".to_owned(),
        Some(value) => format!("it is {}", shown(value)),
    }
}

/// How many characters of a value are shown.
const LONGEST_SHOWN: usize = 80;

/// A value as a reader of the file would write it, cut to what fits a line.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let first_line = text.lines().next().unwrap_or_default();
    let short: String = first_line.chars().take(LONGEST_SHOWN).collect();
    if short.len() == text.len() {
        format!("`{short}`")
    } else {
        format!("`{short} …`")
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(entries) => Some(entries.len()),
        _ => None,
    }
}

/// Compose keeps `8080` and `"8080"` apart in places where nobody cares.
fn same(value: &Value, wanted: &Value) -> bool {
    value == wanted || text_of(value).is_some_and(|text| Some(text) == text_of(wanted))
}

fn contains(value: &Value, wanted: &[Value], differs: impl FnOnce() -> Differs) -> Matched {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let all = wanted
        .iter()
        .all(|wanted| items.iter().any(|item| is_element(item, wanted)));
    Matched::when(value.is_array() && all, differs)
}

/// An element is described by its value, or by matchers.
fn is_element(item: &Value, wanted: &Value) -> bool {
    same(item, wanted)
        || element_matchers(wanted)
            .is_some_and(|matchers| every(&matchers.0, Some(item)) == Matched::Yes)
}

fn element_matchers(wanted: &Value) -> Option<Matchers> {
    wanted
        .is_object()
        .then(|| Matchers::deserialize(wanted).ok())?
}

fn describe_element(wanted: &Value) -> String {
    match element_matchers(wanted) {
        Some(matchers) => describe_all(&matchers),
        None => shown(wanted),
    }
}

fn has_keys(value: &Value, keys: &[String]) -> Matched {
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| value.get(key.as_str()).is_none())
        .map(|key| format!("`{key}`"))
        .collect();
    Matched::when(missing.is_empty(), || {
        let there: Vec<_> = value
            .as_object()
            .into_iter()
            .flat_map(|entries| entries.keys())
            .cloned()
            .collect();
        let there = if there.is_empty() {
            "nothing".to_owned()
        } else {
            there.join(", ")
        };
        let wanted: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
        Differs::new(
            match missing.as_slice() {
                [one] => format!("{one} is missing (there is {there})"),
                several => format!("{} are missing (there is {there})", several.join(", ")),
            },
            wanted.join(", "),
        )
    })
}

/// The words of a command written as text or as a list.
pub fn words_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(text_of).collect(),
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a reference is to this repository, as `quay.io/coreos/etcd`, or to a mirror of it.
pub fn is_repository(reference: &compose::image::ImageReference, repository: &str) -> bool {
    compose::image::ImageReference::parse(repository).is_ok_and(|wanted| {
        // A mirror is another registry; under the same one another path is another image.
        // The hub's `library/` is left out by most mirrors, as it is by people.
        let is_mirror = reference.registry != wanted.registry;
        let name = wanted.repository.trim_start_matches("library/");
        reference.repository == wanted.repository
            || (is_mirror
                && (reference.repository == name
                    || reference.repository.ends_with(&format!("/{name}"))))
    })
}

fn on_image(wanted: &ImageExpected, text: &str) -> Matched {
    let reference = match compose::image::ImageReference::parse(text) {
        Ok(reference) => reference,
        Err(error) => {
            return Matched::No(Differs::new(error.to_string(), describe_image(wanted)));
        }
    };
    let expected = || describe_image(wanted);
    let same_repository = |repository: &String| is_repository(&reference, repository);
    if !wanted.repository.is_empty() && !wanted.repository.iter().any(same_repository) {
        return Matched::No(Differs::new(
            format!("this is the image `{}`", reference.familiar_name()),
            expected(),
        ));
    }
    let by_digest = reference.digest.is_some();
    let tag = reference.tag.as_deref();
    if (wanted.pinned || wanted.version.is_some() || wanted.tag.is_some()) && !by_digest {
        match tag {
            None => {
                return Matched::No(Differs::new(
                    "it names no version, and no tag means `:latest`",
                    expected(),
                ));
            }
            Some("latest") => {
                return Matched::No(Differs::new(
                    "`latest` is whatever was last given that name, not a version",
                    expected(),
                ));
            }
            Some(tag) if wanted.pinned && !tag.contains(|letter: char| letter.is_ascii_digit()) => {
                return Matched::No(Differs::new(
                    format!("`{tag}` names no version, so it moves on as `latest` does"),
                    expected(),
                ));
            }
            Some(_) => {}
        }
    }
    let Some(tag) = tag else {
        let asked = wanted.version.is_some();
        return if asked {
            Matched::Unclear("a digest does not say which version it is; with the tag in front of it, as NAME:TAG@sha256:…, it does".to_owned())
        } else {
            Matched::Yes
        };
    };
    if let Some(pattern) = &wanted.tag {
        match regex_lite::Regex::new(pattern) {
            Ok(pattern) if pattern.is_match(tag) => {}
            Ok(_) if by_digest => {}
            Ok(_) if wanted.pinned => {
                return Matched::No(Differs::new(
                    format!("`{tag}` names no version of this image"),
                    expected(),
                ));
            }
            Ok(_) => {
                return Matched::No(Differs::new(
                    format!("`{tag}` is no tag of this image"),
                    expected(),
                ));
            }
            Err(error) => {
                return Matched::Unclear(format!(
                    "the lesson's pattern `{pattern}` cannot be read: {error}"
                ));
            }
        }
    }
    match &wanted.version {
        Some(requirement) => match version(requirement, tag) {
            Matched::No(_) => {
                let why = wanted
                    .version_why
                    .as_deref()
                    .map(|why| format!(": {why}"))
                    .unwrap_or_default();
                Matched::No(Differs::new(format!("version {tag}{why}"), expected()))
            }
            other => other,
        },
        None => Matched::Yes,
    }
}

/// Whether a version as programs write it (`v2.6.19`, `3.5`, `v3.5.25-r1`) meets a requirement.
fn version(requirement: &str, text: &str) -> Matched {
    let Ok(required) = semver::VersionReq::parse(requirement) else {
        return Matched::Unclear(format!(
            "the lesson's requirement `{requirement}` cannot be read"
        ));
    };
    match lenient_version(text) {
        Some(version) => Matched::when(required.matches(&version), || {
            Differs::new(format!("version {text}"), format!("version {requirement}"))
        }),
        None => Matched::Unclear(format!("`{text}` does not say which version it is")),
    }
}

/// Numbers only: what follows them (`-gpu`, `-r1`, `+build`) names a flavour, not an earlier release.
pub fn lenient_version(text: &str) -> Option<semver::Version> {
    let numbers = text
        .trim()
        .trim_start_matches('v')
        .split(['-', '+', ' '])
        .next()?;
    let mut parts = numbers.split('.').map(|part| part.parse::<u64>().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    let patch = parts.next().unwrap_or(Some(0))?;
    Some(semver::Version::new(major, minor, patch))
}

fn plain_path(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect()
}

fn within(
    range: &Range,
    value: Option<f64>,
    parse: impl Fn(&str) -> Option<f64>,
    differs: impl FnOnce() -> Differs,
) -> Matched {
    let Some(value) = value else {
        return Matched::No(differs());
    };
    let bound = |text: &Option<String>| text.as_deref().and_then(&parse);
    let fits = bound(&range.least).is_none_or(|least| value >= least)
        && bound(&range.most).is_none_or(|most| value <= most);
    Matched::when(fits, differs)
}

/// What a matcher expects, in words that follow "expected:".
pub fn describe(matcher: &Matcher) -> String {
    let list = |values: &[Value]| {
        let values: Vec<_> = values.iter().map(describe_element).collect();
        values.join(", ")
    };
    match matcher {
        Matcher::Equals(value) => shown(value),
        Matcher::HavePrefix(part) => format!("something that starts with `{part}`"),
        Matcher::HaveSuffix(part) => format!("something that ends with `{part}`"),
        Matcher::MatchRegexp(pattern) => format!("something like `{pattern}`"),
        Matcher::ContainSubstring(part) => format!("something with `{part}` in it"),
        Matcher::ContainElement(value) => format!("an entry {}", describe_element(value)),
        Matcher::ContainElements(values) => format!("the entries {}", list(values)),
        Matcher::ConsistOf(values) => format!("{} and nothing else", list(values)),
        Matcher::HaveLen(length) => format!("a length of {length}"),
        Matcher::HaveKey(key) => format!("`{key}`"),
        Matcher::HaveKeys(keys) => keys
            .iter()
            .map(|key| format!("`{key}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Matcher::Gt(bound) => format!("more than {bound}"),
        Matcher::Ge(bound) => format!("{bound} or more"),
        Matcher::Lt(bound) => format!("less than {bound}"),
        Matcher::Le(bound) => format!("{bound} or less"),
        Matcher::Not(matchers) => match matchers.0.as_slice() {
            [Matcher::ContainSubstring(part)] => format!("something without `{part}` in it"),
            [Matcher::HaveLen(0)] => "something that is not empty".to_owned(),
            _ => format!("not {}", describe_all(matchers)),
        },
        Matcher::And(groups) => groups
            .iter()
            .map(describe_all)
            .collect::<Vec<_>>()
            .join(" and "),
        Matcher::Or(groups) => groups
            .iter()
            .map(describe_all)
            .collect::<Vec<_>>()
            .join(", or "),
        Matcher::Present(true) => "a value".to_owned(),
        Matcher::Present(false) => "no value".to_owned(),
        Matcher::Image(wanted) => describe_image(wanted),
        Matcher::Version(requirement) => format!("version {requirement}"),
        Matcher::Path(path) => format!("the path `{path}`"),
        Matcher::Duration(range) | Matcher::Size(range) => match (&range.least, &range.most) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("{least} or more"),
            (None, Some(most)) => format!("{most} or less"),
            (None, None) => "any value".to_owned(),
        },
        Matcher::Command(words) => format!("the command `{}`", words.join(" ")),
        Matcher::Reaches(reach) => format!("an address that reaches port {}", reach.port),
        Matcher::Is(state) => format!("{state:?}").to_lowercase(),
        Matcher::Status(code) => format!("status {code}"),
        Matcher::Body(matchers) => format!("a body that is {}", describe_all(matchers)),
        Matcher::ExitCode(code) => format!("exit code {code}"),
        Matcher::Stdout(matchers) => format!("output that is {}", describe_all(matchers)),
        Matcher::Connects(true) => "a connection".to_owned(),
        Matcher::Connects(false) => "no connection".to_owned(),
        Matcher::Answers(true) => "an answer".to_owned(),
        Matcher::Answers(false) => "no answer".to_owned(),
        Matcher::SmallerThan(image) => format!("an image smaller than `{image}`"),
        Matcher::Field(field) => format!("`{}`: {}", field.path, describe_all(&field.expect)),
    }
}

fn describe_all(matchers: &Matchers) -> String {
    matchers
        .0
        .iter()
        .map(describe)
        .collect::<Vec<_>>()
        .join(" and ")
}

fn describe_image(wanted: &ImageExpected) -> String {
    let mut text = match wanted.repository.first() {
        Some(repository) => format!("`{repository}`"),
        None => "an image".to_owned(),
    };
    match &wanted.version {
        Some(requirement) => text.push_str(&format!(", version {requirement}")),
        None if wanted.pinned || wanted.tag.is_some() => {
            text.push_str(" with a tag that names one version")
        }
        None => {}
    }
    text
}

/// Whether a matcher can say anything about this kind of place; what an author should write instead where not.
///
/// # Errors
/// The author's next step.
pub fn fits(matcher: &Matcher, place: &Place) -> Result<(), String> {
    let name = matcher.name();
    let allowed = match matcher {
        Matcher::Reaches(_) => matches!(place, Place::Compose(_) | Place::Setting(_)),
        Matcher::Is(_) => matches!(place, Place::Container(_)),
        Matcher::Field(_) => matches!(
            place,
            Place::Container(_)
                | Place::ImageOf(_)
                | Place::File(_)
                | Place::FirstProcess(_)
                | Place::ProcOf(_)
        ),
        Matcher::SmallerThan(_) => matches!(place, Place::ImageOf(_)),
        Matcher::Status(_) => matches!(place, Place::Http(_)),
        Matcher::Body(_) => matches!(place, Place::Http(_) | Place::File(_)),
        Matcher::Present(_) if matches!(place, Place::File(_)) => true,
        Matcher::ExitCode(_) | Matcher::Stdout(_) => matches!(place, Place::Exec(_)),
        Matcher::Connects(_) => matches!(place, Place::Tcp(_)),
        Matcher::Answers(_) => matches!(place, Place::Milvus(_)),
        _ => matches!(
            place,
            Place::Compose(_)
                | Place::Setting(_)
                | Place::Dockerfile(_)
                | Place::Milvus(_)
                | Place::Log(_)
                | Place::Processes(_)
                | Place::HistoryOf(_)
        ),
    };
    if !allowed {
        return Err(format!("`{name}` says nothing about this kind of place"));
    }
    match (matcher, place) {
        (Matcher::Equals(value), Place::Compose(path)) => match spelled_several_ways(path, value) {
            Some(instead) => Err(format!(
                "this value has several right spellings: use `{instead}` instead of `equals`"
            )),
            None => Ok(()),
        },
        (Matcher::Field(field), _) => crate::fields::has_field(place, &field.path),
        _ => elements_can_be_read(matcher),
    }
}

/// Elements that are described by matchers have to be described by known ones.
fn elements_can_be_read(matcher: &Matcher) -> Result<(), String> {
    let wanted = match matcher {
        Matcher::ContainElement(wanted) => std::slice::from_ref(wanted),
        Matcher::ContainElements(wanted) | Matcher::ConsistOf(wanted) => wanted.as_slice(),
        Matcher::Not(matchers) => return matchers.0.iter().try_for_each(elements_can_be_read),
        Matcher::And(groups) | Matcher::Or(groups) => {
            let mut matchers = groups.iter().flat_map(|group| &group.0);
            return matchers.try_for_each(elements_can_be_read);
        }
        _ => return Ok(()),
    };
    wanted
        .iter()
        .filter(|wanted| wanted.is_object())
        .try_for_each(|wanted| {
            Matchers::deserialize(wanted)
                .map(drop)
                .map_err(|error| format!("an element is a value, or a map of matchers: {error}"))
        })
}

/// The matcher that understands a value which several spellings are right for.
fn spelled_several_ways(path: &str, value: &Value) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or_default();
    match last {
        "image" => Some("image"),
        "command" | "entrypoint" | "test" => Some("command"),
        "interval" | "timeout" | "start_period" | "start_interval" | "stop_grace_period" => {
            Some("duration")
        }
        "mem_limit" | "memory" | "shm_size" | "memswap_limit" | "mem_reservation" => Some("size"),
        "working_dir" | "target" | "source" => Some("path"),
        _ => {
            let endpoint = crate::address::endpoints(value.as_str().unwrap_or_default());
            let is_address = endpoint.iter().any(|endpoint| {
                endpoint
                    .port
                    .as_deref()
                    .is_some_and(|port| port.parse::<u16>().is_ok())
                    && !endpoint.host.is_empty()
            });
            is_address.then_some("reaches")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matcher(value: Value) -> Matcher {
        serde_json::from_value(value).expect("a matcher")
    }

    fn fits_value(written: Value, value: Value) -> bool {
        matches(&matcher(written), Some(&value)) == Matched::Yes
    }

    #[test]
    fn goss_words_mean_what_they_mean_there() {
        assert!(fits_value(json!({"equals": 8080}), json!("8080")));
        assert!(!fits_value(json!({"equals": "8080"}), json!("8081")));
        assert!(fits_value(json!({"have-prefix": "by-"}), json!("by-dev")));
        assert!(fits_value(json!({"match-regexp": "^v[0-9]"}), json!("v2")));
        assert!(fits_value(
            json!({"contain-elements": ["a", 1]}),
            json!(["1", "b", "a"])
        ));
        assert!(fits_value(
            json!({"contain-element": {"have-suffix": "main:app"}}),
            json!(["run", "uvicorn main:app"])
        ));
        assert!(!fits_value(
            json!({"contain-element": {"have-suffix": "main:app"}}),
            json!(["run"])
        ));
        assert!(!fits_value(json!({"consist-of": ["a"]}), json!(["a", "b"])));
        assert!(fits_value(json!({"have-keys": ["a"]}), json!({"a": null})));
        assert!(fits_value(
            json!({"or": [{"equals": "x"}, {"gt": 3}]}),
            json!(4)
        ));
        assert!(!fits_value(json!({"not": {"equals": "x"}}), json!("x")));
        assert!(fits_value(json!({"and": [{"ge": 1}, {"le": 2}]}), json!(2)));
    }

    #[test]
    fn of_a_long_value_the_part_that_is_meant_is_told() {
        let told = |written: Value, value: Value| match matches(&matcher(written), Some(&value)) {
            Matched::No(differs) => differs.found,
            other => panic!("{other:?}"),
        };
        let step = json!({"not": {"contain-element": {"have-prefix": "RUN"}}});
        assert_eq!(told(step, json!(["CMD x", "RUN y"])), "`RUN y` is in it");
        let long = format!("{} pytest-8 {}", "a".repeat(90), "b".repeat(90));
        let packages = json!({"not": {"match-regexp": "pytest-[0-9]"}});
        assert_eq!(told(packages.clone(), json!(long)), "`pytest-8` is in it");
        assert_eq!(told(packages, json!("pytest-8")), "it is `pytest-8`");
    }

    #[test]
    fn nothing_there_fits_only_what_allows_it() {
        let absent_or_rocksmq = matcher(json!({"or": [{"present": false}, {"equals": "rocksmq"}]}));
        assert_eq!(matches(&absent_or_rocksmq, None), Matched::Yes);
        assert_ne!(
            matches(&matcher(json!({"equals": "x"})), None),
            Matched::Yes
        );
        assert_ne!(
            matches(&matcher(json!({"present": true})), None),
            Matched::Yes
        );
    }

    #[test]
    fn an_image_is_its_repository_and_version_whatever_the_spelling() {
        let milvus = json!({"image": {"repository": ["milvusdb/milvus"], "version": ">=2.6.10"}});
        for right in [
            "milvusdb/milvus:v2.6.19",
            "docker.io/milvusdb/milvus:v2.6.10",
            "localhost:5000/milvusdb/milvus:v2.6.16",
            "mirror.example/hub/milvusdb/milvus:v3.0.1",
            "milvusdb/milvus:v2.6.19-gpu",
        ] {
            assert!(fits_value(milvus.clone(), json!(right)), "{right}");
        }
        for wrong in [
            "milvusdb/milvus",
            "milvusdb/milvus:latest",
            "localhost:5000/milvusdb/milvus",
            "milvusdb/milvus:v2.6.3",
            "milvusdb/milvus-lite:v2.6.19",
            "evilmilvusdb/milvus:v2.6.19",
            "docker.io/evil/milvusdb/milvus:v2.6.19",
        ] {
            assert!(!fits_value(milvus.clone(), json!(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_digest_pins_but_does_not_name_a_version() {
        let digest = json!(format!("milvusdb/milvus@sha256:{}", "a".repeat(64)));
        assert!(fits_value(
            json!({"image": {"pinned": true}}),
            digest.clone()
        ));
        let version = matcher(json!({"image": {"version": ">=2.6.10"}}));
        assert!(matches!(
            matches(&version, Some(&digest)),
            Matched::Unclear(_)
        ));
    }

    #[test]
    fn a_pinned_image_names_a_version_of_itself() {
        let python = json!({"image": {"repository": ["python"], "pinned": true, "tag": r"^\d"}});
        let digest = format!("python:slim@sha256:{}", "a".repeat(64));
        for right in [
            "python:3.11-slim",
            "python:3",
            "docker.io/library/python:3.13.1-alpine3.20",
            "localhost:5000/python:3.11",
            "public.ecr.aws/docker/library/python:3.12",
            digest.as_str(),
        ] {
            assert!(fits_value(python.clone(), json!(right)), "{right}");
        }
        for wrong in [
            "python",
            "localhost:5000/python",
            "python:latest",
            "python:slim",
            "python:alpine3.20",
            "pypy:3.11",
            "me/python:3.11",
        ] {
            assert!(!fits_value(python.clone(), json!(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_command_is_the_same_as_text_as_list_and_through_a_wrapper() {
        let run = json!({"command": ["milvus", "run", "standalone"]});
        for right in [
            json!("milvus run standalone"),
            json!(["milvus", "run", "standalone"]),
            json!(["/milvus/bin/milvus", "run", "standalone"]),
            json!(["tini", "--", "milvus", "run", "standalone"]),
            json!(["sh", "-c", "exec milvus run standalone"]),
            json!(["sh", "-c", "sleep 1; milvus run standalone"]),
            json!(["gosu", "1000:0", "milvus", "run", "standalone"]),
            json!(["bash", "-ec", "ulimit -n 65536\nmilvus run standalone\n"]),
            json!(["milvus", "run", "standalone", "--run-with-subprocess"]),
        ] {
            assert!(fits_value(run.clone(), right.clone()), "{right}");
        }
        for wrong in [
            json!("milvus run proxy"),
            json!("echo milvus"),
            json!([]),
            json!("notmilvus run standalone"),
            json!("echo milvus run standalone"),
            json!(["milvus run standalone"]),
            json!(["milvus", "milvus", "run", "standalone"]),
            json!(["milvus", "run", "standalone", "proxy"]),
            json!(["sh", "-c", "milvus", "run", "standalone"]),
        ] {
            assert!(!fits_value(run.clone(), wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn durations_and_sizes_are_compared_by_what_they_mean() {
        assert!(fits_value(
            json!({"duration": {"least": "60s"}}),
            json!("1m30s")
        ));
        assert!(!fits_value(
            json!({"duration": {"least": "60s"}}),
            json!("59s")
        ));
        assert!(fits_value(json!({"size": {"least": "2g"}}), json!("2048m")));
    }

    #[test]
    fn equals_is_refused_where_several_spellings_are_right() {
        for (path, value) in [
            ("services.a.image", json!("x:1")),
            ("services.a.command", json!("x")),
            ("services.a.environment.URL", json!("http://etcd:2379")),
            ("services.a.environment.ETCD_ENDPOINTS", json!("etcd:2379")),
        ] {
            assert!(
                fits(&Matcher::Equals(value), &Place::Compose(path.to_owned())).is_err(),
                "{path}"
            );
        }
        let plain = fits(
            &Matcher::Equals(json!("rocksmq")),
            &Place::Compose("services.a.environment.MQ_TYPE".to_owned()),
        );
        assert_eq!(plain, Ok(()));
    }
}
