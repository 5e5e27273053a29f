//! The printed guide: addresses, and things to try.

use super::{NGINX, Running, say};
use crate::run::{Key, OWNER};

/// Prints it.
pub(super) fn print(running: &Running, front: &str, password: &str, key: &Key) {
    let Running { nodes, product, folder, database, .. } = running;
    let Key { id, secret } = key;
    let (first, folder, server) = (nodes[0].address, folder.path().display(), database.log());
    let nodes = nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let head = database.head().unwrap_or_default();
    let (binary, database) = (product.binary.display(), &product.database);
    say(format!(
        "\n\
         Three nodes behind nginx are ready; all of it is gone when this stops (Ctrl+C).\n\n  \
           {front}\n\n\
         Sign in as the account owner, in a browser:\n\n  \
           {front}/sign-in?email={OWNER}\n\n  \
           Email     {OWNER}\n  \
           Password  {password}\n\n\
         Ask with a key; X-Served-AuditContext tells which node has answered:\n\n  \
           curl -i -H 'X-API-Key: {secret}' {front}/api/v1/auth/whoami\n\n\
         Freeze a node, let it go on, kill it; one that has ended is started again five seconds later:\n\n\
         {nodes}\n\n\
         Sign in over the API, freeze node two, and revoke the key on node one: that takes two seconds, once:\n\n  \
           TOKEN=$(curl -s -H 'Content-Type: application/json' -d '{{\"email\":\"{OWNER}\",\"password\":\"{password}\"}}' \
             {front}/api/v1/auth/sign-in | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n  \
           time curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{{}}' \
             http://{first}/api/v1/api-keys/{id}/revoke\n\n\
         The nodes, their names and what each has applied:\n\n  \
           {binary} nodes list --database {database}\n\n\
         Another key, from the command line:\n\n  \
           {binary} keys create --database {database} --workspace skyline --name Another --permissions read_only --expires-in 7d\n\n\
         Freeze the database: within two seconds the nodes cannot tell any more, and refuse every key with 503.\n\n  \
           {database}\n  \
           kill -STOP {head}; pkill -STOP -P {head}\n  \
           kill -CONT {head}; pkill -CONT -P {head}\n\n\
         The logs:\n\n  \
           tail -F {folder}/*.log {folder}/{NGINX}/*.log {server}\n"
    ));
}
