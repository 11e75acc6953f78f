//! What comes before loading: which folder is the project's, and which files are meant.

use std::collections::BTreeMap;

use crate::dotenv::{self, Format};
use crate::files;
use crate::finding::Finding;
use crate::interpolate::Variables;
use crate::load::{Request, env_file_disabled};
use crate::path;
use crate::reader::{ReadError, Reader};
use crate::source::SourceId;

/// How a command line and its shell say which project is meant, as `docker compose` understands it.
///
/// Paths may be relative to [`folder`](Self::folder). [`Start::find`] makes a [`Request`] of it:
///
/// ```
/// let reader = compose::MemoryReader::new([("/shop/compose.yaml", "services: {web: {image: nginx}}")]);
/// let start = compose::Start { folder: "/shop/docs".into(), ..Default::default() };
/// let found = start.find(&reader).expect("a folder above has a Compose file");
/// assert_eq!(found.request.project_directory, "/shop");
/// assert_eq!(found.request.files, ["/shop/compose.yaml"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The folder the command is run in, absolute and separated by `/`.
    pub folder: String,
    /// Compose files, as `--file` gives them; `-` is left for the [`Reader`] to understand.
    pub files: Vec<String>,
    /// The project folder, as `--project-directory` gives it.
    pub project_directory: Option<String>,
    /// Files of variables, as `--env-file` gives them.
    pub env_files: Vec<String>,
    /// The project's name, as `--project-name` gives it.
    pub project_name: Option<String>,
    /// Active profiles, as `--profile` gives them.
    pub profiles: Vec<String>,
    /// The shell's variables.
    pub environment: BTreeMap<String, String>,
}

/// The project that is meant.
#[derive(Clone, Debug)]
pub struct Found {
    /// What to load. The folder to read from is its `project_directory`.
    pub request: Request,
    /// What is worth saying about the choice.
    pub findings: Vec<Finding>,
}

/// The Compose files that the command line does not name.
struct Files {
    paths: Vec<String>,
    findings: Vec<Finding>,
    named_by_variable: bool,
}

impl Start {
    /// Finds the project folder and the Compose files: those of the command line, else those of `COMPOSE_FILE`, else the
    /// ones in this folder or the nearest above it. `reader` is asked for absolute paths.
    ///
    /// # Errors
    /// The finding that says that there is no Compose file.
    pub fn find(&self, reader: &dyn Reader) -> Result<Found, Box<Finding>> {
        let mut environment = self.environment.clone();
        if !environment.contains_key("PWD") {
            environment.insert("PWD".into(), self.folder.clone());
        }
        let given: Vec<String> = self.files.iter().map(|file| self.absolute(file)).collect();
        let named = self
            .project_directory
            .as_deref()
            .filter(|folder| !folder.is_empty());
        let named = named.map(|folder| path::join(&self.folder, folder));
        let first_folder = self.project_folder(named.as_deref(), &given);
        let env_files = self.env_files(&environment);
        let files = match given {
            given if !given.is_empty() => Files {
                paths: given,
                findings: Vec::new(),
                named_by_variable: false,
            },
            _ => self.other_files(reader, &environment, &first_folder, env_files.as_deref())?,
        };
        let project = self.project_folder(named.as_deref(), &files.paths);
        let paths = match project == self.folder {
            // Loading finds them by the same variable, and knows the line that sets it.
            true if files.named_by_variable => Vec::new(),
            // Where the command is run in the project's folder, files are called as the caller calls them.
            true => {
                let inside = format!("{project}/");
                let called = files
                    .paths
                    .iter()
                    .map(|file| file.strip_prefix(&inside).unwrap_or(file));
                called.map(String::from).collect()
            }
            false => files.paths,
        };
        let request = Request {
            files: paths,
            project_name: self.project_name.clone(),
            folder_name: project.rsplit('/').next().unwrap_or_default().to_string(),
            started_in: if first_folder == project {
                String::new()
            } else {
                first_folder
            },
            project_directory: project,
            environment,
            env_files,
            profiles: self.profiles.clone(),
        };
        Ok(Found {
            request,
            findings: files.findings,
        })
    }

    fn absolute(&self, file: &str) -> String {
        match file {
            "-" => "-".into(),
            file => path::join(&self.folder, file),
        }
    }

    /// The folder that is named, else that of the first file, else the one the command is run in.
    fn project_folder(&self, named: Option<&str>, files: &[String]) -> String {
        let of_file = || {
            files
                .iter()
                .find(|file| *file != "-")
                .map(|file| path::folder_of(file))
        };
        named
            .map(String::from)
            .or_else(of_file)
            .unwrap_or_else(|| self.folder.clone())
    }

    fn env_files(&self, environment: &BTreeMap<String, String>) -> Option<Vec<String>> {
        let listed = environment
            .get("COMPOSE_ENV_FILES")
            .map_or("", String::as_str);
        let names: Vec<&str> = match self.env_files.as_slice() {
            [] => listed.split(',').filter(|name| !name.is_empty()).collect(),
            given => given.iter().map(String::as_str).collect(),
        };
        let names = names.into_iter().map(|name| path::join(&self.folder, name));
        Some(names.collect()).filter(|names: &Vec<String>| !names.is_empty())
    }

    fn other_files(
        &self,
        reader: &dyn Reader,
        environment: &BTreeMap<String, String>,
        first_folder: &str,
        env_files: Option<&[String]>,
    ) -> Result<Files, Box<Finding>> {
        let variables = variables(reader, environment, first_folder, env_files);
        if let Some(listed) = files::named_by_variable(&variables) {
            return Ok(Files {
                paths: listed.iter().map(|file| self.absolute(file)).collect(),
                findings: Vec::new(),
                named_by_variable: true,
            });
        }
        let mut folder = first_folder.to_string();
        loop {
            let at = |name: &str| reader.read(&path::join(&folder, name)).err();
            let mut findings = Vec::new();
            let found =
                files::present(&|name| at(name) != Some(ReadError::NotFound), &mut findings);
            if !found.is_empty() {
                return Ok(Files {
                    paths: found.iter().map(|name| path::join(&folder, name)).collect(),
                    findings,
                    named_by_variable: false,
                });
            }
            let above = path::folder_of(&folder);
            let is_last = above == folder || !path::is_absolute(&above);
            if is_last || reader.read(&above).err() == Some(ReadError::Outside) {
                let place = "in this folder or in one above it";
                return Err(Box::new(files::no_compose_file(place)));
            }
            folder = above;
        }
    }
}

/// The variables that can say which Compose files are meant. Mistakes in the files are told when the project is loaded.
fn variables(
    reader: &dyn Reader,
    environment: &BTreeMap<String, String>,
    folder: &str,
    env_files: Option<&[String]>,
) -> Variables {
    let mut variables = Variables::from_shell(environment);
    let by_default = [path::join(folder, ".env")];
    let names = match env_files {
        Some(names) => names,
        None if env_file_disabled(&variables).is_ok_and(|is_disabled| is_disabled) => &[],
        None => &by_default,
    };
    let mut found = dotenv::FileVariables::new();
    for name in names {
        let text = reader
            .read(name)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        dotenv::parse(
            SourceId(0),
            text.as_deref()
                .unwrap_or_default()
                .trim_start_matches('\u{feff}'),
            Format::Compose,
            &|name| variables.get(name).cloned(),
            &mut found,
        );
    }
    variables.add_missing(found);
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::MemoryReader;

    const WEB: &str = "services: {web: {image: nginx}}";

    fn reader() -> MemoryReader {
        MemoryReader::new([
            ("/shop/compose.yaml", WEB),
            ("/shop/compose.override.yaml", WEB),
            ("/shop/.env", "COMPOSE_FILE=ignored.yaml"),
            ("/shop/a/other.yaml", WEB),
            ("/named/.env", "COMPOSE_FILE=b/one.yaml:two.yaml"),
        ])
    }

    fn found(start: Start) -> (String, Vec<String>, String) {
        let request = start.find(&reader()).expect("there are files").request;
        (request.project_directory, request.files, request.started_in)
    }

    fn at(folder: &str) -> Start {
        Start {
            folder: folder.into(),
            ..Start::default()
        }
    }

    #[test]
    fn files_are_looked_for_in_the_folders_above_and_their_variables_do_not_name_others() {
        let (project, files, started_in) = found(at("/shop/a/b"));
        assert_eq!(project, "/shop");
        assert_eq!(files, ["/shop/compose.yaml", "/shop/compose.override.yaml"]);
        assert_eq!(started_in, "/shop/a/b");
        let error = at("/nowhere").find(&reader()).expect_err("there is none");
        assert_eq!(error.code, "no-compose-file");
    }

    #[test]
    fn a_variable_names_the_files_and_with_them_the_folder() {
        let (project, files, started_in) = found(at("/named"));
        assert_eq!(project, "/named/b");
        assert_eq!(files, ["/named/b/one.yaml", "/named/two.yaml"]);
        assert_eq!(started_in, "/named");
    }

    #[test]
    fn the_first_file_of_the_command_line_says_the_folder_unless_one_is_named() {
        let files = vec!["-".to_string(), "a/other.yaml".into()];
        let (project, found_files, _) = found(Start {
            files: files.clone(),
            ..at("/shop")
        });
        assert_eq!(project, "/shop/a");
        assert_eq!(found_files, ["-", "/shop/a/other.yaml"]);
        let named = Start {
            files,
            project_directory: Some("..".into()),
            ..at("/shop")
        };
        assert_eq!(found(named).0, "/");
    }

    #[test]
    fn files_in_the_folder_itself_keep_their_names() {
        let (_, files, started_in) = found(Start {
            files: vec!["other.yaml".into()],
            ..at("/shop/a")
        });
        assert_eq!(files, ["other.yaml"]);
        assert_eq!(started_in, "");
    }
}
