//! What is known of images that many projects use: which data they keep, which ports are for other services alone.

use compose::Service;
use compose::image::ImageReference;

/// An image that keeps data or serves them to other services.
pub struct Known {
    /// The last part of the names it goes by.
    names: &'static [&'static str],
    /// What it is, with its article.
    pub what: &'static str,
    /// Whether it is a page for people, which is opened long after everything has started.
    pub is_page: bool,
    /// Ports on which it serves data, or a page to manage them.
    pub ports: &'static [u16],
}

const KNOWN: [Known; 32] = [
    Known {
        names: &[
            "postgres",
            "postgresql",
            "postgis",
            "pgvector",
            "timescaledb",
            "timescaledb-ha",
        ],
        what: "a database",
        is_page: false,
        ports: &[5432],
    },
    Known {
        names: &["pgbouncer", "pgpool"],
        what: "a proxy of a database",
        is_page: false,
        ports: &[5432, 6432],
    },
    Known {
        names: &[
            "mysql",
            "mysql-server",
            "mariadb",
            "percona",
            "percona-server",
        ],
        what: "a database",
        is_page: false,
        ports: &[3306, 33060],
    },
    Known {
        names: &[
            "mongo",
            "mongodb",
            "mongodb-community-server",
            "percona-server-mongodb",
        ],
        what: "a database",
        is_page: false,
        ports: &[27017, 27018, 27019],
    },
    Known {
        names: &[
            "redis",
            "redis-stack",
            "redis-stack-server",
            "valkey",
            "keydb",
            "dragonfly",
        ],
        what: "a store",
        is_page: false,
        ports: &[6379],
    },
    Known {
        names: &["memcached"],
        what: "a store",
        is_page: false,
        ports: &[11211],
    },
    Known {
        names: &["etcd"],
        what: "a store",
        is_page: false,
        ports: &[2379, 2380],
    },
    Known {
        names: &["zookeeper", "cp-zookeeper"],
        what: "a store",
        is_page: false,
        ports: &[2181],
    },
    Known {
        names: &["consul"],
        what: "a store",
        is_page: false,
        ports: &[8500],
    },
    Known {
        names: &["minio"],
        what: "a store",
        is_page: false,
        ports: &[9000, 9001],
    },
    Known {
        names: &["elasticsearch", "elasticsearch-oss", "opensearch"],
        what: "a database",
        is_page: false,
        ports: &[9200, 9300],
    },
    Known {
        names: &["kibana", "opensearch-dashboards"],
        what: "a page to manage data",
        is_page: true,
        ports: &[5601],
    },
    Known {
        names: &["qdrant"],
        what: "a database",
        is_page: false,
        ports: &[6333, 6334],
    },
    Known {
        names: &["milvus"],
        what: "a database",
        is_page: false,
        ports: &[19530, 9091],
    },
    Known {
        names: &["attu"],
        what: "a page to manage data",
        is_page: true,
        ports: &[3000],
    },
    Known {
        names: &["weaviate"],
        what: "a database",
        is_page: false,
        ports: &[8080, 50051],
    },
    Known {
        names: &["chroma"],
        what: "a database",
        is_page: false,
        ports: &[8000],
    },
    Known {
        names: &["influxdb"],
        what: "a database",
        is_page: false,
        ports: &[8086],
    },
    Known {
        names: &["neo4j"],
        what: "a database",
        is_page: false,
        ports: &[7474, 7687],
    },
    Known {
        names: &["cassandra", "scylla"],
        what: "a database",
        is_page: false,
        ports: &[9042, 7000],
    },
    Known {
        names: &["couchdb"],
        what: "a database",
        is_page: false,
        ports: &[5984],
    },
    Known {
        names: &["clickhouse-server", "clickhouse"],
        what: "a database",
        is_page: false,
        ports: &[8123, 9000],
    },
    Known {
        names: &["cockroach"],
        what: "a database",
        is_page: false,
        ports: &[26257, 8080],
    },
    Known {
        names: &["rabbitmq"],
        what: "a message queue",
        is_page: false,
        ports: &[5672, 15672],
    },
    Known {
        names: &["kafka", "cp-kafka"],
        what: "a message queue",
        is_page: false,
        ports: &[9092, 9093, 9094],
    },
    Known {
        names: &["nats"],
        what: "a message queue",
        is_page: false,
        ports: &[4222, 8222],
    },
    Known {
        names: &["mssql", "server", "azure-sql-edge"],
        what: "a database",
        is_page: false,
        ports: &[1433],
    },
    Known {
        names: &[
            "adminer",
            "phpmyadmin",
            "mongo-express",
            "redis-commander",
            "redisinsight",
            "pgweb",
        ],
        what: "a page to manage data",
        is_page: true,
        ports: &[80, 8080, 8081, 5540],
    },
    Known {
        names: &["flower"],
        what: "a page to manage tasks",
        is_page: true,
        ports: &[5555],
    },
    Known {
        names: &["prometheus"],
        what: "a page with measurements",
        is_page: true,
        ports: &[9090],
    },
    Known {
        names: &["docker", "dind"],
        what: "a container engine",
        is_page: true,
        ports: &[2375, 2376],
    },
    Known {
        names: &["ollama"],
        what: "a model server",
        is_page: true,
        ports: &[11434],
    },
];

/// The reference of a service's image, where it can be read.
pub fn image(service: &Service<'_>) -> Option<ImageReference> {
    ImageReference::parse(service.image()?.as_str()?).ok()
}

/// Whether images of this repository are known to bring no health check. A name without a slash may also be an image that
/// somebody built here, and a few official images do bring one (kong), so they are listed by their names.
pub fn brings_no_health_check(image: &ImageReference) -> bool {
    const OFFICIAL: [&str; 25] = [
        "alpine",
        "busybox",
        "caddy",
        "debian",
        "eclipse-mosquitto",
        "ghost",
        "golang",
        "haproxy",
        "httpd",
        "mariadb",
        "memcached",
        "mongo",
        "mysql",
        "nginx",
        "node",
        "php",
        "postgres",
        "python",
        "rabbitmq",
        "redis",
        "registry",
        "ruby",
        "ubuntu",
        "wordpress",
        "zookeeper",
    ];
    const OTHERS: [&str; 4] = [
        "coreos/etcd",
        "etcd-development/etcd",
        "milvusdb/milvus",
        "minio/minio",
    ];
    let repository = image.repository.as_str();
    let official = repository.strip_prefix("library/");
    official.is_some_and(|name| OFFICIAL.contains(&name)) || OTHERS.contains(&repository)
}

/// What is known of a service's image.
pub fn of(service: &Service<'_>) -> Option<&'static Known> {
    let image = image(service)?;
    let name = image.base_name();
    KNOWN.iter().find(|known| known.names.contains(&name))
}
