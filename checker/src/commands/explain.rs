//! `checker explain`

use anyhow::bail;
use lesson::rules::{self, Rule, lint};

use crate::Exit;
use crate::course;
use crate::workspace::Place;

pub fn run(place: &Place, what: &str) -> anyhow::Result<Exit> {
    if let Some(rule) = rules::find(what) {
        explain_rule(rule);
        return Ok(Exit::Success);
    }
    if let Ok(lesson) = course::find(what) {
        for check in &lesson.lesson.checks {
            anstream::println!(
                "{}/{:<34} {}",
                lesson.lesson.header.id,
                check.header.id,
                check.header.title
            );
        }
        return Ok(Exit::Success);
    }
    let (lesson, id) = match what.split_once('/') {
        Some((lesson, id)) => (place.lesson(Some(lesson))?, id),
        None => match with_check(what)? {
            Some(lesson) => (lesson, what),
            None => {
                let names: Vec<_> = rules::all().map(|rule| rule.name).collect();
                bail!(
                    "`{what}` is neither a check of a lesson nor a rule. The rules are: {}",
                    names.join(", ")
                );
            }
        },
    };
    let check = lesson.check(id)?;
    let header = &check.header;
    anstream::println!("{}/{}", lesson.lesson.header.id, header.id);
    anstream::println!("  passes when  {}", header.title);
    anstream::println!("  looks at     {}", lesson::described(&check.look));
    anstream::println!("  why          {}", header.why);
    if !header.needs.is_empty() {
        anstream::println!("  waits for    {}", header.needs.join(", "));
    }
    if header.advice {
        anstream::println!("  advice       it is shown and never counted");
    }
    for rule in lesson::rules_of(&check.look) {
        anstream::println!();
        explain_rule(rule);
    }
    Ok(Exit::Success)
}

fn explain_rule(rule: &Rule) {
    match lint::find(rule.name) {
        Some(lint) => anstream::println!("rule {}, a {}", rule.name, lint.level.name()),
        None => anstream::println!("rule {}", rule.name),
    }
    anstream::println!("  what   {}", rule.what);
    anstream::println!("  why    {}", rule.why);
    anstream::println!("  mend   {}", rule.mend);
    anstream::println!("  leave  {}", rule.leave);
    if lint::find(rule.name).is_some() {
        anstream::println!("  allow  # checker: allow {} because …", rule.name);
    }
}

fn with_check(id: &str) -> anyhow::Result<Option<course::CourseLesson>> {
    Ok(course::lessons()?
        .into_iter()
        .find(|lesson| lesson.lesson.check(id).is_some()))
}
