//! Puts a lesson's questions to running services.

mod exec;
mod file;
mod http;
mod milvus;
mod processes;
mod tcp;

use std::io;

use futures_util::future::join_all;
use lesson::evidence::{Answer, Answered, ContainerSeen, Probe, Unanswered, Via};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::Engine;
use crate::deadlines::Passed;
use crate::failure::Failure;
use crate::inspect::Inspected;
use crate::output;
use crate::route::{self, Route, Target};

/// Puts all questions at once; the answers come in the questions' order.
pub(crate) async fn ask_all<'a>(
    engine: &Engine,
    probes: impl IntoIterator<Item = &'a Probe>,
    containers: &[ContainerSeen],
) -> Vec<Answered> {
    join_all(probes.into_iter().map(|probe| async move {
        let started = Instant::now();
        let answer = ask(engine, probe, containers)
            .await
            .unwrap_or_else(Answer::None);
        Answered {
            probe: probe.clone(),
            answer,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }))
    .await
}

async fn ask(
    engine: &Engine,
    probe: &Probe,
    containers: &[ContainerSeen],
) -> Result<Answer, Unanswered> {
    let inspected = containers.iter().map(|seen| Inspected(&seen.inspect));
    let of_service = || {
        inspected
            .clone()
            .filter(|it| it.service() == probe.service())
    };
    let running = of_service().find(|container| container.is_running());
    let container = match probe {
        // Files are there whether it runs or not.
        Probe::File { .. } => running.or(of_service().next()),
        _ => running,
    };
    let container = container.ok_or(Unanswered::NotRunning)?;
    let place = Place {
        engine,
        container,
        containers,
    };
    match probe {
        Probe::Http {
            port, path, inside, ..
        } => match (place.route(*port), inside) {
            (Route::At(target), _) => place.reach(&target, http::get(&target, path)).await,
            (_, Some(client)) => http::get_inside(&place, *client, *port, path).await,
            (route, None) => Err(no_way(route)),
        },
        Probe::Tcp { port, .. } => {
            let target = place.published(*port)?;
            place.reach(&target, tcp::connect_and_wait(&target)).await
        }
        Probe::Milvus { port, call, .. } => {
            let target = place.published(*port)?;
            place
                .reach(
                    &target,
                    milvus::call(&target, *call, engine.deadlines.probe),
                )
                .await
        }
        Probe::Exec { command, .. } => exec::answer(&place, command).await,
        Probe::ProcStatus { .. } => exec::answer(&place, &Probe::proc_status_command()).await,
        Probe::Log { lines, .. } => {
            let lines = output::last_lines(engine, container.id(), *lines);
            let lines = engine
                .end
                .within(engine.deadlines.call, lines)
                .await
                .map_err(Failure::from);
            let lines = lines.and_then(|lines| lines).map_err(by_engine)?;
            Ok(Answer::Log { lines })
        }
        Probe::Processes { .. } => processes::list(engine, container.id()).await,
        Probe::File { path, contents, .. } => {
            file::look(engine, container.id(), path, *contents).await
        }
    }
}

/// The container that is asked, and the way to it.
struct Place<'a> {
    engine: &'a Engine,
    container: Inspected<'a>,
    containers: &'a [ContainerSeen],
}

impl Place<'_> {
    /// The way to a port. A container in another one's network (`network_mode: service:…`) is published by that one.
    fn route(&self, port: u16) -> Route {
        let inspected = || self.containers.iter().map(|seen| Inspected(&seen.inspect));
        let owner = match self.container.network_mode().strip_prefix("container:") {
            Some(id) => inspected()
                .find(|other| other.id() == id || other.name() == id)
                .unwrap_or(self.container),
            None => self.container,
        };
        route::to(owner, port, self.engine.address.endpoint.remote_host())
    }

    fn published(&self, port: u16) -> Result<Target, Unanswered> {
        match self.route(port) {
            Route::At(target) => Ok(target),
            route => Err(no_way(route)),
        }
    }

    /// Waits for a service's answer until the deadline for probes.
    async fn reach(
        &self,
        target: &Target,
        answer: impl Future<Output = Result<Answer, Unanswered>>,
    ) -> Result<Answer, Unanswered> {
        let deadline = self.engine.deadlines.probe;
        match self.engine.end.within(deadline, answer).await {
            Ok(answer) => answer,
            Err(Passed::Own(_)) => Err(Unanswered::TimedOut(format!(
                "{target}, {:.1} s",
                deadline.as_secs_f64()
            ))),
            // The service had no full chance, so nothing can be said about it.
            Err(Passed::Total) => Err(by_engine(Failure::TimedOut(Passed::Total))),
        }
    }
}

fn no_way(route: Route) -> Unanswered {
    match route {
        Route::RemoteLoopback(address) => Unanswered::RemoteLoopback(address),
        Route::At(_) | Route::None => Unanswered::NotPublished,
    }
}

fn by_engine(failure: Failure) -> Unanswered {
    Unanswered::Engine(failure.to_string())
}

/// Opens a connection to a published port.
async fn connect(target: &Target) -> Result<TcpStream, Unanswered> {
    TcpStream::connect((target.host.as_str(), target.port))
        .await
        .map_err(|error| broken(target, &error))
}

fn via(target: &Target) -> Via {
    Via::Published(target.to_string())
}

fn broken(target: &Target, error: &io::Error) -> Unanswered {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unanswered::Refused(target.to_string()),
        io::ErrorKind::TimedOut => {
            Unanswered::TimedOut(format!("{target}, given up by the system"))
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Unanswered::Closed(target.to_string()),
        // A name that leads nowhere, no network: nothing was learnt about the service.
        _ => Unanswered::Engine(format!("{target} cannot be reached from here: {error}")),
    }
}

/// What an error of the HTTP library says about the other side.
fn hyper_error(target: &Target, error: &hyper::Error) -> Unanswered {
    if error.is_parse() {
        return Unanswered::Nonsense(format!("{target}: {error}"));
    }
    Unanswered::Closed(target.to_string())
}
