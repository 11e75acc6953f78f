//! The Dockerfiles that a project builds from, for rules to look at.

use ::dockerfile::{Configuration, Dockerfile, Form, Instruction, Kind, Plan, Set, Step};
use compose::{Service, Span};

use super::read::{self, services};
use crate::probe::Probe;
use crate::scene::Scene;

/// A Dockerfile that can be built, and the service that is built from it.
pub struct Recipe<'a> {
    /// The service.
    pub service: Service<'a>,
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// What is built.
    pub plan: Plan,
}

impl Recipe<'_> {
    /// The instructions of a stage, its `FROM` first.
    pub fn stage(&self, index: usize) -> &[Instruction] {
        self.dockerfile.instructions_of(index)
    }

    /// All stages that are built.
    pub fn stages(&self) -> impl Iterator<Item = &[Instruction]> {
        self.plan.needed.iter().map(|index| self.stage(*index))
    }

    /// The stages whose files the image has: the one that becomes it, and those that it begins with.
    pub fn stages_of_image(&self) -> Vec<usize> {
        let mut stages = vec![self.plan.target];
        while let Some(::dockerfile::Base::Stage(below)) =
            stages.last().map(|stage| &self.plan.stages[*stage].base)
        {
            stages.push(*below);
        }
        stages.reverse();
        stages
    }

    /// Where the image that it all begins with is named.
    pub fn base_span(&self) -> Span {
        let first = self
            .stages_of_image()
            .first()
            .copied()
            .unwrap_or(self.plan.target);
        self.dockerfile.stages[first].base.span
    }

    /// What the image is set to.
    pub fn configuration(&self) -> &Configuration {
        &self.plan.stages[self.plan.target].configuration
    }

    /// The commands that are run to make the image.
    pub fn steps_of_image(&self) -> impl Iterator<Item = &Step> {
        let stages = self.stages_of_image().into_iter();
        stages.flat_map(|stage| self.stage(stage)).flat_map(steps)
    }
}

/// The Dockerfiles of all services.
pub fn recipes<'a>(scene: &Scene<'a>) -> Vec<Recipe<'a>> {
    let recipe = |service: Service<'a>| {
        let found = scene.recipe(&service)?;
        Some(Recipe {
            service,
            plan: found.plan?,
            dockerfile: found.dockerfile,
        })
    };
    services(scene).into_iter().filter_map(recipe).collect()
}

/// A health check's probe, and where it is written.
pub struct Probed<'a> {
    /// The service that is asked.
    pub service: Service<'a>,
    /// How it is written, as Compose has it: `["CMD", …]` or `["CMD-SHELL", …]`.
    pub test: Vec<String>,
    /// What is run.
    pub probe: Probe,
    /// Where the Compose file or the Dockerfile has it.
    pub span: Span,
}

/// The health checks of all services: those of the Compose file, else those of their Dockerfiles.
pub fn probes<'a>(scene: &Scene<'a>) -> Vec<Probed<'a>> {
    let of = |service: Service<'a>, test: Vec<String>, span| {
        let probe = Probe::new(&test)?;
        Some(Probed {
            service,
            test,
            probe,
            span,
        })
    };
    let mut probed = Vec::new();
    for service in services(scene) {
        let check = service.healthcheck().filter(|check| !check.disabled);
        let test = check.map(|check| check.test).unwrap_or_default();
        probed.extend(of(service, test, read::probe_span(&service)));
    }
    for recipe in recipes(scene) {
        // What the Compose file says of it counts more.
        let is_overruled = recipe
            .service
            .healthcheck()
            .is_some_and(|check| check.disabled || !check.test.is_empty());
        let Set::To(check) = &recipe.configuration().healthcheck else {
            continue;
        };
        let test = match &check.command.form {
            Form::Shell(script) => vec!["CMD-SHELL".to_owned(), script.text.clone()],
            Form::Exec(words) => {
                let words = words.iter().map(|word| word.text.clone());
                std::iter::once("CMD".to_owned()).chain(words).collect()
            }
        };
        if !is_overruled {
            probed.extend(of(recipe.service, test, check.span));
        }
    }
    probed
}

/// The commands of a `RUN`; none of any other instruction.
pub fn steps(instruction: &Instruction) -> &[Step] {
    match &instruction.kind {
        Kind::Run(command) => &command.steps,
        _ => &[],
    }
}

/// The text of a command for a shell.
pub fn script(instruction: &Instruction) -> Option<&str> {
    match &instruction.command()?.form {
        Form::Shell(word) => Some(&word.text),
        Form::Exec(_) => None,
    }
}

/// Whether one of a command's arguments is this word.
pub fn has_argument(step: &Step, word: &str) -> bool {
    step.arguments()
        .iter()
        .any(|argument| argument.text == word)
}
