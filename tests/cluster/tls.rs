//! TLS to the database, with a certificate authority of the test's own (by Debian's `openssl`).

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use sea_orm::{ConnectionTrait, Database, Statement};
use testkit::{Node, WHOAMI, until};

use crate::test_cluster::{TestCluster, metric};

fn openssl(folder: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect("openssl, of Debian's package");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate for this machine, and that of the authority that signed it.
fn certificate(folder: &Path) -> PathBuf {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("a file");
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
    );
    openssl(folder, "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr");
    openssl(folder, "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem");
    folder.join("ca.pem")
}

/// Enables TLS on the server, and returns its certificate authority.
fn switch_on(cluster: &TestCluster) -> PathBuf {
    let folder = cluster.server.folder();
    let authority = certificate(folder);
    let owner = std::fs::metadata(folder).expect("the folder");
    for file in ["server.key", "server.pem"] {
        let file = folder.join(file);
        chown(&file, Some(owner.uid()), Some(owner.gid())).expect("an owner");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    ask(cluster, &format!("ALTER SYSTEM SET ssl_cert_file = '{}'", folder.join("server.pem").display()));
    ask(cluster, &format!("ALTER SYSTEM SET ssl_key_file = '{}'", folder.join("server.key").display()));
    ask(cluster, "ALTER SYSTEM SET ssl = on");
    cluster.server.down("fast").expect("it stops");
    cluster.server.up().expect("it starts");
    authority
}

/// Queries one text column.
fn ask(cluster: &TestCluster, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Database::connect(cluster.server.url("postgres")).await.expect("the server");
        if sql.starts_with("ALTER") {
            server.execute_unprepared(sql).await.expect("a statement");
            return Vec::new();
        }
        let rows = server.query_all_raw(Statement::from_string(server.get_database_backend(), sql)).await.expect("rows");
        rows.into_iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
    })
}

#[test]
fn database_tls_verifies_the_certificate_authority() {
    let cluster = TestCluster::new();
    let authority = switch_on(&cluster);
    let url = |mode: &str, authority: &Path| format!("{}?sslmode={mode}&sslrootcert={}", cluster.site.url(), authority.display());
    let node = cluster.site.node_at(&url("verify-full", &authority), &[]);
    let key = node.owner().create_key("Key", &["trips:read"]);
    node.with_key(&key).get(WHOAMI).is(200);
    until("it listens", || metric(&node, "notifications_arrive") > 0.5);
    let versions = ask(
        &cluster,
        "SELECT DISTINCT coalesce(version, 'none') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE application_name = 'planeconnection'",
    );
    assert_eq!(versions, ["TLSv1.3"], "every connection, the one that listens among them");

    let folder = tempfile::TempDir::new().expect("a folder");
    let another = certificate(folder.path());
    let mut refused = cluster.site.command(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    refused.env("PLANECONNECTION_DATABASE", url("verify-full", &another));
    let error = Node::try_start(refused).err().expect("it does not start");
    assert!(error.contains("cannot open postgres://") && error.contains("certificate"), "{error}");
}
