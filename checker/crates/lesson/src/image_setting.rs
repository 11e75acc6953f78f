//! One setting of an image, as its Dockerfile says it.

use compose::Span;
use dockerfile::{Command, Form, Value as Written};
use serde_json::Value;

use crate::build::Build;
use crate::format::{ImageSetting, Matcher};
use crate::matcher::{self, Matched};
use crate::scene::{Judged, Mismatch, Scene};

/// What the instruction is called that sets it.
pub fn name(setting: &ImageSetting) -> String {
    match setting {
        ImageSetting::Image => "the image it starts from".to_owned(),
        ImageSetting::User => "`USER`".to_owned(),
        ImageSetting::WorkingFolder => "`WORKDIR`".to_owned(),
        ImageSetting::Entrypoint => "`ENTRYPOINT`".to_owned(),
        ImageSetting::Command => "`CMD`".to_owned(),
        ImageSetting::Healthcheck => "`HEALTHCHECK`".to_owned(),
        ImageSetting::StopSignal => "`STOPSIGNAL`".to_owned(),
        ImageSetting::Ports => "`EXPOSE`".to_owned(),
        ImageSetting::Variable(name) => format!("`ENV {name}`"),
        ImageSetting::Label(name) => format!("the label `{name}`"),
    }
}

/// Judges a setting.
pub fn judge(
    scene: &Scene<'_>,
    build: &Build<'_>,
    setting: &ImageSetting,
    matcher: &Matcher,
) -> Judged {
    let from = build.dockerfile.stages[build.plan.target].from;
    let found = match look_up(build, setting) {
        Ok(found) => found,
        Err(variable) => {
            return Judged::not_seen(
                format!(
                    "{} has `{variable}` in it, which the image below sets",
                    name(setting)
                ),
                "look at the built image: `docker image inspect`",
            );
        }
    };
    let (value, span) = match found {
        Some((value, span)) => (Some(value), span),
        None => (None, from),
    };
    match matcher::matches(matcher, value.as_ref()) {
        Matched::Yes => Judged::Holds,
        Matched::Unclear(why) => Judged::not_seen(why, "look at the value yourself"),
        Matched::No(differs) => {
            let found = match value {
                Some(_) => differs.found,
                None => format!("nothing sets {} in this stage", name(setting)),
            };
            Mismatch::new(scene.spot(span), found, differs.expected).into()
        }
    }
}

/// The setting and its place; a variable of the image below, where one stands in it.
fn look_up(build: &Build<'_>, setting: &ImageSetting) -> Result<Option<(Value, Span)>, String> {
    let configuration = build.configuration();
    let text = |written: Option<&Written>| match written {
        None => Ok(None),
        Some(written) => match written.open.first() {
            Some(open) => Err(open.clone()),
            None => Ok(Some((Value::from(written.text.clone()), written.word.span))),
        },
    };
    match setting {
        ImageSetting::Image => {
            let image = configuration.image.as_deref().unwrap_or("scratch");
            Ok(Some((Value::from(image), lowest_base(build))))
        }
        ImageSetting::User => text(configuration.user.as_ref()),
        ImageSetting::WorkingFolder => text(configuration.working_folder.as_ref()),
        ImageSetting::StopSignal => text(configuration.stop_signal.as_ref()),
        ImageSetting::Variable(name) => text(configuration.environment.get(name)),
        ImageSetting::Label(name) => text(configuration.labels.get(name)),
        ImageSetting::Entrypoint => Ok(configuration.entrypoint.as_ref().and_then(program)),
        ImageSetting::Command => Ok(configuration.command.value().and_then(program)),
        ImageSetting::Healthcheck => {
            let check = configuration.healthcheck.value();
            Ok(check.and_then(|check| program(&check.command)))
        }
        ImageSetting::Ports => Ok(configuration.ports.first().map(|first| {
            let ports = configuration.ports.iter();
            let ports: Vec<_> = ports.map(|port| port.text.as_str()).collect();
            (Value::from(ports), first.word.span)
        })),
    }
}

/// Where the image is named that the built stage rests on, through all stages.
fn lowest_base(build: &Build<'_>) -> Span {
    let mut stage = build.plan.target;
    while let dockerfile::Base::Stage(below) = build.plan.stages[stage].base {
        stage = below;
    }
    build.dockerfile.stages[stage].base.span
}

fn program(command: &Command) -> Option<(Value, Span)> {
    match &command.form {
        Form::Shell(line) => Some((Value::from(line.text.clone()), line.span)),
        Form::Exec(words) => {
            let (first, last) = (words.first()?, words.last()?);
            let span = Span {
                end: last.span.end,
                ..first.span
            };
            let words: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
            Some((Value::from(words), span))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::look_at_files;

    const COMPOSE: &str = "services: {api: {build: .}}";
    const TWO_STAGES: &str = "ARG TAG=3.12\nFROM python:${TAG}-slim AS base\nWORKDIR /srv\nUSER 1000\n\nFROM base\nWORKDIR app\nENV MODE=fast\nEXPOSE 8000\nCMD [\"python\", \"app.py\"]\n";

    fn value(compose: &str, dockerfile: &str, setting: ImageSetting) -> Option<Value> {
        look_at_files(compose, ("Dockerfile", dockerfile), |scene| {
            let build = scene
                .build("api")
                .unwrap_or_else(|judged| panic!("{judged:?}"));
            look_up(&build, &setting)
                .expect("no open variable")
                .map(|(value, _)| value)
        })
    }

    #[test]
    fn a_stage_has_what_the_stages_below_it_set() {
        let value = |setting| value(COMPOSE, TWO_STAGES, setting);
        assert_eq!(value(ImageSetting::Image), Some(json!("python:3.12-slim")));
        assert_eq!(value(ImageSetting::User), Some(json!("1000")));
        assert_eq!(value(ImageSetting::WorkingFolder), Some(json!("/srv/app")));
        assert_eq!(
            value(ImageSetting::Command),
            Some(json!(["python", "app.py"]))
        );
        assert_eq!(value(ImageSetting::Ports), Some(json!(["8000/tcp"])));
        assert_eq!(
            value(ImageSetting::Variable("MODE".to_owned())),
            Some(json!("fast"))
        );
        assert_eq!(value(ImageSetting::Healthcheck), None);
    }

    #[test]
    fn target_and_arguments_of_the_compose_file_count() {
        let compose = "services: {api: {build: {context: ., target: base, args: {TAG: '3.11'}}}}";
        assert_eq!(
            value(compose, TWO_STAGES, ImageSetting::Image),
            Some(json!("python:3.11-slim"))
        );
        assert_eq!(value(compose, TWO_STAGES, ImageSetting::Command), None);
    }

    #[test]
    fn a_dockerfile_in_the_compose_file_is_pointed_at_there() {
        let compose = "services:\n  api:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM busybox\n        USER root\n";
        look_at_files(compose, ("app.py", ""), |scene| {
            let build = scene
                .build("api")
                .unwrap_or_else(|judged| panic!("{judged:?}"));
            let user = build.configuration().user.clone().expect("a user");
            let crate::report::Spot::File { path, line, .. } = scene.spot(user.word.span) else {
                panic!("a place in a file");
            };
            assert_eq!((path.as_str(), line), ("compose.yaml", 7));
        });
    }
}
