//! The processes of a container, as the engine's `top` lists them.

use lesson::evidence::{Answer, Process, Unanswered};
use serde_json::Value;

use super::by_engine;
use crate::client::{Engine, escaped};
use crate::failure::Failure;

/// Columns that are asked for. Users by number: `ps` runs on the engine's machine, whose names for them are other ones. The
/// engine's own choice is that of `ps -ef`.
const COLUMNS: &str = "-eo pid,ppid,uid,args";

pub(super) async fn list(engine: &Engine, id: &str) -> Result<Answer, Unanswered> {
    let asked = engine
        .get(&format!(
            "/containers/{id}/top?ps_args={}",
            escaped(COLUMNS)
        ))
        .await;
    let top = match asked {
        // An engine whose `ps` does not know these columns still has some of its own. Podman 4.3 complains by an empty body.
        Err(Failure::Said { .. } | Failure::Nonsense(_)) => {
            engine.get(&format!("/containers/{id}/top")).await
        }
        asked => asked,
    };
    let top = top.map_err(by_engine)?;
    let processes = read(&top).ok_or_else(|| {
        Unanswered::Engine("its list of processes has other columns than expected".to_owned())
    })?;
    Ok(Answer::Processes { processes })
}

/// Reads the table by its titles.
fn read(top: &Value) -> Option<Vec<Process>> {
    let titles: Vec<&str> = top
        .get("Titles")?
        .as_array()?
        .iter()
        .map(|title| title.as_str().unwrap_or_default())
        .collect();
    let column = |names: &[&str]| titles.iter().position(|title| names.contains(title));
    let pid = column(&["PID"])?;
    let parent = column(&["PPID"])?;
    let user = column(&["UID", "USER"])?;
    let command = column(&["COMMAND", "CMD", "ARGS"])?;
    let rows = top.get("Processes")?.as_array()?;
    rows.iter()
        .map(|row| {
            let cell = |column: usize| row.get(column).and_then(Value::as_str);
            Some(Process {
                pid: cell(pid)?.trim().parse().ok()?,
                parent: cell(parent)?.trim().parse().ok()?,
                user: cell(user)?.trim().to_owned(),
                command: cell(command)?.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn process(pid: u32, parent: u32, user: &str, command: &str) -> Process {
        Process {
            pid,
            parent,
            user: user.to_owned(),
            command: command.to_owned(),
        }
    }

    #[test]
    fn columns_are_found_by_title() {
        let asked = json!({"Titles": ["PID", "PPID", "UID", "COMMAND"], "Processes": [["6641", "6590", "0", "sleep 300"]]});
        assert_eq!(
            read(&asked),
            Some(vec![process(6641, 6590, "0", "sleep 300")])
        );
        let own = json!({
            "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
            "Processes": [["999", "12", "1", "0", "10:00", "?", "00:00:01", "redis-server *:6379"]],
        });
        assert_eq!(
            read(&own),
            Some(vec![process(12, 1, "999", "redis-server *:6379")])
        );
    }

    #[test]
    fn another_table_is_not_guessed_at() {
        assert_eq!(read(&json!({"Titles": ["PID"], "Processes": []})), None);
        assert_eq!(
            read(
                &json!({"Titles": ["PID", "PPID", "USER", "COMMAND"], "Processes": [["x", "1", "root", "a"]]})
            ),
            None
        );
        assert_eq!(read(&json!([])), None);
    }
}
