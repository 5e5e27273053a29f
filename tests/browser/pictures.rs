//! Pictures of the pages, for people to look at: `cargo xtask pictures`.

use std::env;
use std::path::PathBuf;

use crate::support::Site;

#[test]
#[ignore = "writes files: cargo xtask pictures"]
fn pictures() {
    let standard = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures");
    let folder = env::var_os("PICTURES_DIR").map_or_else(|| PathBuf::from(standard), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");
    let site = Site::new();
    let mut tab = site.tab();
    for (name, path) in [("docs", "/docs")] {
        for (width, height) in [(1280, 800), (390, 844)] {
            for (shade, is_dark) in [("light", false), ("dark", true)] {
                tab.size(width, height);
                tab.dark(is_dark);
                tab.open(path);
                let file = folder.join(format!("{name}-{width}-{shade}.png"));
                tab.screenshot(&file);
                println!("{}", file.display());
            }
        }
    }
}
