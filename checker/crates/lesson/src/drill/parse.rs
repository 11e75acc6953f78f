//! Reading `drills/NAME.yaml`: every mistake of an author is pointed at in the author's line.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    COMPARED_KEYS, Compared, Drill, DrillHeader, Expectation, Shows, Step, StepHeader, Thing,
};
use crate::parse::{Lesson, LessonError, LineFinder, Variables, examine_look, parse_look, typed};

/// Reads a drill of a lesson. `values` stand for the lesson's variables of the same name instead of their defaults.
///
/// # Errors
/// All mistakes that could be told apart, each with its place.
pub fn parse_drill(
    file: &str,
    id: &str,
    text: &str,
    lesson: &Lesson,
    values: &BTreeMap<String, Value>,
) -> Result<Drill, Vec<LessonError>> {
    let places = LineFinder::new(file, text)?;
    let one = |error| vec![error];
    let document: Value =
        serde_yaml::from_str(text).map_err(|error| one(places.error("", &error.to_string())))?;
    let Value::Object(mut document) = document else {
        return Err(one(places.error(
            "",
            "a drill is a map with `title`, `teaches`, `after` and `steps`",
        )));
    };
    let mut errors = Vec::new();
    let variables = Variables::new(&lesson.header, values, &places, &mut errors);
    let listed = document.remove("steps").unwrap_or(Value::Null);
    let header: DrillHeader = typed(Value::Object(document), "", &places).map_err(one)?;
    let mut steps = Vec::new();
    match listed {
        Value::Array(list) if !list.is_empty() => {
            for (index, mut step) in list.into_iter().enumerate() {
                let path = format!("steps.{index}");
                variables.replace(&mut step, &path, &places, &mut errors);
                match parse_step(step, &path, &places) {
                    Ok(step) => steps.push(step),
                    Err(error) => errors.push(error),
                }
            }
        }
        _ => {
            errors.push(places.error("steps", "a drill needs a list of `steps` with at least one"))
        }
    }
    let id = id.to_owned();
    let drill = Drill { id, header, steps };
    if errors.is_empty() {
        examine(&drill, lesson, &places, &mut errors);
    }
    if errors.is_empty() {
        Ok(drill)
    } else {
        Err(errors)
    }
}

fn parse_step(step: Value, path: &str, places: &LineFinder) -> Result<Step, LessonError> {
    let Value::Object(mut entries) = step else {
        return Err(places.error(path, "a step is a map with `do`, `why` and `expect`"));
    };
    let listed = entries.remove("expect").unwrap_or(Value::Array(Vec::new()));
    let header: StepHeader = typed(Value::Object(entries), path, places)?;
    let Value::Array(listed) = listed else {
        return Err(places.error(&format!("{path}.expect"), "a list is expected"));
    };
    let expect = listed.into_iter().enumerate();
    let expect = expect
        .map(|(index, item)| parse_expectation(item, &format!("{path}.expect.{index}"), places));
    Ok(Step {
        header,
        expect: expect.collect::<Result<_, _>>()?,
    })
}

fn parse_expectation(
    item: Value,
    path: &str,
    places: &LineFinder,
) -> Result<Expectation, LessonError> {
    let Value::Object(mut entries) = item else {
        return Err(places.error(
            path,
            "an expectation is a map with `title`, a place and a matcher",
        ));
    };
    let Some(Value::String(title)) = entries.remove("title") else {
        return Err(places.error(
            path,
            "an expectation needs a `title`: what is true when it passes",
        ));
    };
    let (compared, rest): (Map<_, _>, Map<_, _>) = entries
        .into_iter()
        .partition(|(key, _)| COMPARED_KEYS.contains(&key.as_str()));
    let shows = match (compared.len(), rest.keys().next()) {
        (0, _) => Shows::At(parse_look(rest, path, places)?),
        (1, None) => Shows::Since(typed::<Compared>(Value::Object(compared), path, places)?),
        _ => {
            let message = format!("one of `{}` stands alone", COMPARED_KEYS.join("`, `"));
            return Err(places.error(path, &message));
        }
    };
    Ok(Expectation { title, shows })
}

/// What a schema cannot say.
fn examine(drill: &Drill, lesson: &Lesson, places: &LineFinder, errors: &mut Vec<LessonError>) {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if drill.id.is_empty() || !drill.id.chars().all(plain) {
        let message = "the file's name is the drill's id: small letters, digits and `-`";
        errors.push(places.error("", message));
    }
    for (index, id) in drill.header.after.iter().enumerate() {
        if lesson.check(id).is_none() {
            let message = format!("{} has no check `{id}`", lesson.header.id);
            errors.push(places.error(&format!("after.{index}"), &message));
        }
    }
    if drill.steps.iter().all(|step| step.expect.is_empty()) {
        let message = "a drill that expects nothing shows nothing: one step needs an `expect`";
        errors.push(places.error("steps", message));
    }
    for (index, step) in drill.steps.iter().enumerate() {
        let path = format!("steps.{index}");
        if step.header.act.is_none() && step.expect.is_empty() {
            errors.push(places.error(&path, "a step has something to `do` or to `expect`"));
        }
        if let Err(message) = compose::units::duration(&step.header.within) {
            errors.push(places.error(&format!("{path}.within"), &message.to_string()));
        }
        if let Some(question) = &step.header.predict
            && question
                .answers
                .iter()
                .filter(|answer| answer.right)
                .count()
                != 1
        {
            let message = "a prediction has one right answer";
            errors.push(places.error(&format!("{path}.predict"), message));
        }
        for (number, expectation) in step.expect.iter().enumerate() {
            let path = format!("{path}.expect.{number}");
            match &expectation.shows {
                Shows::At(look) => examine_look(look, &path, places, errors),
                Shows::Since(compared) => {
                    if let Thing::Path(inner) = compared.thing()
                        && !stays_inside(inner)
                    {
                        let message = "a path in the lesson's folder is expected";
                        errors.push(places.error(&path, message));
                    }
                }
            }
        }
    }
}

fn stays_inside(path: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != ".." && !part.contains([':', '\\']);
    path.trim_end_matches('/').split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::{Act, Endangered};

    const LESSON: &str = "id: lesson-1\ntitle: T\ngoal: G\nminutes: 1\nproject: lesson-01\nedit: [compose.yaml]\n\
        variables: {key: {default: note, about: A key.}}\nchecks:\n  - {id: loads, title: T, rule: {name: compose-file-loads}, why: W}\n";

    const DRILL: &str = "title: T\nteaches: S\nafter: [loads]\nsteps:\n  - do: {exec: {service: box, command: [touch, \"/${key}\"]}}\n    why: W\n\
        \x20 - do: down --volumes\n    why: W\n    within: 5s\n    expect:\n      - {title: A, gone: {container: box}}\n      - {title: B, container: box, is: running}\n";

    fn parsed(text: &str) -> Result<Drill, Vec<String>> {
        let lesson =
            crate::parse_lesson("lesson.yaml", LESSON, &BTreeMap::new()).expect("a lesson");
        parse_drill("drills/d.yaml", "d", text, &lesson, &BTreeMap::new())
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_drill_is_read_with_the_lessons_variables() {
        let drill = parsed(DRILL).expect("a drill");
        let Some(Act::Exec(exec)) = &drill.steps[0].header.act else {
            panic!("{:?}", drill.steps[0]);
        };
        assert_eq!(exec.command, ["touch", "/note"]);
        let act = drill.steps[1].header.act.as_ref().expect("an act");
        assert_eq!(act.arguments(), ["down", "--volumes"]);
        assert_eq!(drill.steps[1].header.within().as_secs(), 5);
        assert_eq!(drill.steps[1].expect.len(), 2);
    }

    #[test]
    fn what_a_drill_endangers_follows_from_what_it_does() {
        let of = |act: &str| {
            let text = format!(
                "title: T\nteaches: S\nafter: []\nsteps:\n  - do: {act}\n    why: W\n    expect: [{{title: A, same: {{container: box}}}}]\n"
            );
            let Endangered { layers, volumes } = parsed(&text).expect("a drill").endangers();
            (layers, volumes)
        };
        assert_eq!(of("{stop: [box]}"), (false, false));
        assert_eq!(of("{kill: {services: []}}"), (false, false));
        assert_eq!(of("up --force-recreate"), (true, false));
        assert_eq!(of("down"), (true, true), "a volume without a name is lost");
        assert_eq!(of("down --volumes"), (true, true));
        assert_eq!(of("{exec: {service: box, command: [ls]}}"), (true, true));
    }

    #[test]
    fn mistakes_are_told_with_the_authors_line() {
        let cases = [
            (
                "after: [loads]",
                "after: [lods]",
                "d.yaml:3:",
                "no check `lods`",
            ),
            (
                "do: down --volumes",
                "do: donw",
                "d.yaml:7:",
                "unknown variant",
            ),
            ("within: 5s", "within: soon", "d.yaml:9:", "soon"),
            (
                "gone: {container: box}",
                "gone: {box: box}",
                "d.yaml:11:",
                "unknown variant",
            ),
            (
                "gone: {container: box}",
                "gone: {container: box}, is: running",
                "d.yaml:11:",
                "stands alone",
            ),
            (
                "gone: {container: box}",
                "gone: {path: ../secret}",
                "d.yaml:11:",
                "in the lesson's folder",
            ),
            ("title: B, ", "", "d.yaml:12:", "needs a `title`"),
            (
                "is: running",
                "status: 200",
                "d.yaml:12:",
                "says nothing about",
            ),
        ];
        for (find, put, place, says) in cases {
            assert!(DRILL.contains(find), "{find}");
            let errors = parsed(&DRILL.replacen(find, put, 1))
                .expect_err(put)
                .join("\n");
            assert!(
                errors.contains(place) && errors.contains(says),
                "{put}: {errors}"
            );
        }
        let nothing = DRILL.split("    expect:").next().expect("a part");
        let errors = parsed(nothing).expect_err("nothing is expected").join("\n");
        assert!(errors.contains("expects nothing"), "{errors}");
    }
}
