//! `containers-answer-to-service-names`

use serde_json::Value;

use super::services_share_a_network::Pairs;
use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "containers-answer-to-service-names",
    what: "Of each pair of services, the first one can look up the second one: on a network that the containers of both are on, the engine knows the second one by its service's name.",
    why: "A container has its names anew on each network. Compose gives it the service's name when it makes the container; `docker network connect` does not, and neither does Compose when it only makes the network anew.",
    mend: "Run `docker compose up -d --force-recreate` for the service whose name is missing.",
    leave: "Where every client uses another name that the container has.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Pairs>(with).map(drop),
    judge: |scene, with| judged(with, |pairs: Pairs| judge(scene, &pairs)),
};

fn judge(scene: &Scene<'_>, Pairs { pairs }: &Pairs) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let judged = pairs.iter().flat_map(|(from, to)| {
        let others = scene.containers(from);
        let containers = scene.containers(to).into_iter();
        containers.map(move |container| answers(container, to, &others))
    });
    Judged::all(judged)
}

/// A container without a network in common with the others is no matter of names.
fn answers(container: Container<'_>, service: &str, others: &[Container<'_>]) -> Judged {
    let theirs: Vec<_> = others.iter().flat_map(|other| other.networks()).collect();
    let shared = container.networks().into_iter();
    let mut shared = shared.filter(|network| theirs.contains(network)).peekable();
    let Some(first) = shared.peek().copied() else {
        return Judged::Holds;
    };
    let is_service = |name: &&str| name.eq_ignore_ascii_case(service);
    if shared.any(|network| names(container, network).iter().any(is_service)) {
        return Judged::Holds;
    }
    let spot = Spot::Container {
        name: container.name().to_owned(),
        lines: Vec::new(),
    };
    let known = names(container, first).join(", ");
    let found = format!("on {first} nobody knows it as `{service}`; its names there are: {known}");
    Mismatch::new(spot, found, format!("`{service}` among its names"))
        .next(format!(
            "run `docker compose up -d --force-recreate {service}`"
        ))
        .into()
}

/// The names that the engine's resolver knows a container by on a network. Engines before 25 say only the aliases.
fn names<'a>(container: Container<'a>, network: &str) -> Vec<&'a str> {
    let attached = container
        .field("NetworkSettings.Networks")
        .and_then(|networks| networks.get(network));
    let list = |key: &str| attached.and_then(|attached| attached.get(key)?.as_array());
    let names = list("DNSNames").or_else(|| list("Aliases"));
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_containers};

    fn container(service: &str, networks: &Value) -> Value {
        json!({
            "Name": format!("/shop-{service}-1"),
            "Config": {"Labels": {"com.docker.compose.service": service}},
            "NetworkSettings": {"Networks": networks},
        })
    }

    fn judge(networks_of_db: &Value) -> Judged {
        let api = container("api", &json!({"front": {}, "back": {}, "side": {}}));
        on_containers(
            "containers-answer-to-service-names",
            json!({"pairs": [["api", "db"]]}),
            "services: {api: {image: x}, db: {image: x}}",
            &[api, container("db", networks_of_db)],
        )
    }

    #[test]
    fn the_name_of_the_service_on_one_network_in_common_is_enough() {
        holds(judge(
            &json!({"back": {"DNSNames": ["shop-db-1", "db", "0f"]}}),
        ));
        holds(judge(&json!({"back": {"Aliases": ["db", "0f"]}})));
        holds(judge(&json!({
            "back": {"DNSNames": ["0f"]},
            "side": {"DNSNames": ["0f", "DB"]},
        })));
    }

    #[test]
    fn a_container_that_was_attached_without_its_name_is_told_with_those_it_has() {
        finds(
            judge(&json!({"back": {"Aliases": null, "DNSNames": ["shop-db-1", "0f"]}})),
            "on back nobody knows it as `db`; its names there are: shop-db-1, 0f",
        );
        finds(
            judge(&json!({
                "back": {"DNSNames": ["0f"]},
                "elsewhere": {"DNSNames": ["db"]},
            })),
            "nobody knows it as `db`",
        );
    }

    #[test]
    fn without_a_network_in_common_names_are_not_the_matter() {
        holds(judge(&json!({"elsewhere": {"DNSNames": ["0f"]}})));
        holds(judge(&json!({})));
    }
}
