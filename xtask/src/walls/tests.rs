use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::graph::Graph;
use super::tree::Tree;
use crate::sources::Package;

struct Site {
    tree: Tree,
    graph: Graph,
}

fn package(name: &str, library: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        folder: PathBuf::new(),
        library: Some(library.into()),
        library_name: name.to_owned(),
        programs: Vec::new(),
        dependencies: dependencies.iter().map(|&name| (name.to_owned(), name.to_owned())).collect(),
    }
}

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        Self::of(&[package("product", "lib.rs", &[])], files)
    }

    fn of(packages: &[Package], files: &[(&str, &str)]) -> Self {
        let files: BTreeMap<PathBuf, &str> = files.iter().map(|&(path, text)| (path.into(), text)).collect();
        let read = |path: &Path| files.get(path).map(|&text| text.to_owned()).ok_or_else(|| io::Error::other("no such file"));
        let tree = Tree::read(packages, &read).unwrap();
        Self { graph: Graph::of(&tree), tree }
    }

    fn imports(&self, from: &str) -> Vec<&str> {
        let from = self.tree.files.iter().position(|file| file == Path::new(from)).unwrap();
        let mut files: Vec<&str> = self.graph.imports(from).keys().map(|&to| self.tree.files[to].to_str().unwrap()).collect();
        files.sort_unstable();
        files
    }

    fn circles(&self) -> Vec<Vec<&str>> {
        let circles = self.graph.circles().into_iter();
        let circles = circles.map(|circle| {
            let mut files: Vec<&str> = circle.into_iter().map(|file| self.tree.files[file].to_str().unwrap()).collect();
            files.sort_unstable();
            files
        });
        circles.collect()
    }
}

#[test]
fn reexport_through_two_modules_is_followed() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::{Alias, Thing}; use crate::b; fn f() -> Thing { b::glob() }"),
        ("b/mod.rs", "mod c; pub use self::c::{Inner as Alias, Thing}; pub use c::*;"),
        ("b/c/mod.rs", "mod d; mod e; pub(crate) use self::{d::Thing, e::Inner}; pub use self::e::*;"),
        ("b/c/d.rs", "pub struct Thing;"),
        ("b/c/e.rs", "pub struct Inner; pub fn glob() {}"),
    ]);
    assert_eq!(site.imports("a.rs"), ["b/c/d.rs", "b/c/e.rs"]);
    assert!(site.imports("b/mod.rs").is_empty() && site.imports("b/c/mod.rs").is_empty());
}

#[test]
fn circle_through_a_reexport_is_found() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::Thing; pub const LIMIT: u8 = Thing::ONE;"),
        ("b/mod.rs", "mod c; pub use self::c::Thing;"),
        ("b/c.rs", "pub struct Thing; impl Thing { const ONE: u8 = crate::a::LIMIT; }"),
    ]);
    assert_eq!(site.circles(), [["a.rs", "b/c.rs"]]);
}

#[test]
fn circles_are_whole_components() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::{c::C, d::D}; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
        ("d.rs", "use crate::e::E; pub struct D;"),
        ("e.rs", "use crate::d::D; pub struct E;"),
    ]);
    assert_eq!(site.circles(), [vec!["a.rs", "b.rs", "c.rs"], vec!["d.rs", "e.rs"]]);
    let [from, to] = ["c.rs", "e.rs"].map(|name| site.tree.files.iter().position(|file| file == Path::new(name)).unwrap());
    let way = site.graph.way(from, to).unwrap().into_iter().map(|file| site.tree.files[file].to_str().unwrap());
    assert_eq!(way.collect::<Vec<_>>(), ["c.rs", "a.rs", "b.rs", "d.rs", "e.rs"]);
    assert!(site.graph.way(to, from).is_none());
}

#[test]
fn imports_of_tests_do_not_count() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "#[cfg(test)] mod tests { use crate::b::B; }
             #[cfg(test)] use crate::b::{B, C};
             #[cfg(test)] mod more; mod tests;
             #[cfg(all(test, unix))] impl A { fn f() { crate::b::f() } }
             #[derive(Debug)] pub struct A { #[cfg(test)] b: crate::b::B, c: u8 }
             impl A { #[cfg(test)] #[must_use] fn g() -> crate::b::B { crate::b::g() } fn h() {} }",
        ),
        ("b.rs", "use crate::a::A; pub struct B; #[cfg(not(test))] const C: crate::a::A = A;"),
    ]);
    assert!(site.imports("a.rs").is_empty());
    assert_eq!(site.imports("b.rs"), ["a.rs"]);
}

#[test]
fn paths_in_code_count_wherever_they_stand() {
    let site = Site::new(&[
        ("lib.rs", "#[macro_use] mod m; mod a; mod b; mod c; mod d; mod e; mod f; mod g; mod h;"),
        ("m.rs", "#[macro_export] macro_rules! made { () => { $crate::h::H } }"),
        (
            "a.rs",
            r#"fn f(x: &impl crate::b::B) { println!("{}", super::c::c(x.d(), crate::made!())); use crate::e::{E as _}; }
               #[serde(with = "crate::f::text")] struct A; fn g(value: u8) { value.g(); <u8 as Other>::h(); }"#,
        ),
        ("b.rs", "pub trait B {}"),
        ("c.rs", "pub fn c() {}"),
        ("d.rs", "pub fn d() {}"),
        ("e.rs", "pub trait E {}"),
        ("f.rs", "pub mod text { pub fn serialize() {} }"),
        ("g.rs", "pub fn g() {}"),
        ("h.rs", "pub struct H;"),
    ]);
    assert_eq!(site.imports("a.rs"), ["b.rs", "c.rs", "e.rs", "f.rs", "m.rs"]);
    assert_eq!(site.imports("m.rs"), ["h.rs"]);
}

#[test]
fn module_and_item_of_one_name_are_both_found() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod verify;"),
        ("a.rs", "use crate::verify::verify; use crate::verify::Made; fn f() { verify::<u8>(); }"),
        ("verify/mod.rs", "mod verify; mod ids; pub use self::verify::verify; pub use self::ids::Made;"),
        ("verify/verify.rs", "pub fn verify<T>() {}"),
        ("verify/ids.rs", "ids! { Made }"),
    ]);
    assert_eq!(site.imports("a.rs"), ["verify/ids.rs", "verify/verify.rs"]);
}

#[test]
fn names_from_globs_count_where_they_are_used() {
    let site = Site::new(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::*; use crate::c::Kind::*; const A: B = B;"),
        ("b.rs", "pub struct B; pub struct Other;"),
        ("c.rs", "pub enum Kind { One }"),
    ]);
    assert_eq!(site.imports("a.rs"), ["b.rs", "c.rs"]);
}

#[test]
fn other_crates_are_entered_by_their_names() {
    let packages = [package("product", "src/lib.rs", &["kit"]), package("kit", "kit/src/lib.rs", &[])];
    let site = Site::of(
        &packages,
        &[
            ("src/lib.rs", "mod a; mod b; pub use kit::text as words;"),
            ("src/a.rs", "use kit::Clock; fn f() { ::kit::text::hex(); serde::from_str(); }"),
            ("src/b.rs", "use crate::words::hex;"),
            ("kit/src/lib.rs", "mod clock; pub mod text; pub use clock::Clock;"),
            ("kit/src/clock.rs", "pub struct Clock;"),
            ("kit/src/text.rs", "pub fn hex() {}"),
        ],
    );
    assert_eq!(site.imports("src/a.rs"), ["kit/src/clock.rs", "kit/src/text.rs"]);
    assert_eq!(site.imports("src/b.rs"), ["kit/src/text.rs"]);
}
