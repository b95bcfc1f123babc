//! Holds the operator's image against what the chart and the docs say of it. The root is that of the Dockerfile: the
//! same script makes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAMS: [&str; 2] = [env!("CARGO_BIN_EXE_mission-control"), env!("CARGO_BIN_EXE_mc")];

fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(checkout().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// A folder of this test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-image-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn make_root(root: &Path, programs: &[&str]) {
    run(Command::new(checkout().join("tests/image/root")).arg(root).args(programs));
}

/// The image as the test cluster packs it.
fn make_tar(root: &Path, tar: &Path) -> Vec<u8> {
    let script = r#"set -euo pipefail; . tests/cluster/lib/image.sh; make_image "$1" example/image:v1 "$2" '["/usr/local/bin/mission-control"]' 65532"#;
    run(Command::new("bash")
        .current_dir(checkout())
        .args(["-c", script, "make_image"])
        .args([tar.as_os_str(), root.as_os_str()]));
    fs::read(tar).unwrap()
}

fn files(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_path_buf());
            }
        }
    }
    found
}

#[test]
fn the_root_holds_the_programs_a_user_certificates_and_libraries_and_nothing_else() {
    let folder = Folder::new("holds");
    let root = folder.0.join("root");
    make_root(&root, &PROGRAMS);
    let (libraries, others): (BTreeSet<_>, BTreeSet<_>) =
        files(&root).into_iter().partition(|f| f.to_string_lossy().contains(".so"));
    let expected = [
        "etc/group",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "usr/local/bin/mc",
        "usr/local/bin/mission-control",
    ];
    assert_eq!(others, expected.map(PathBuf::from).into());
    assert!(libraries.len() < 10, "{libraries:?}");
    assert!(fs::read_to_string(root.join("etc/passwd")).unwrap().contains(":65532:65532:"));
    assert_eq!(fs::metadata(root.join("tmp")).unwrap().permissions().mode() & 0o7777, 0o1777);
    assert_eq!(fs::metadata(root.join("usr/local/bin/mc")).unwrap().mtime(), 0);
}

#[test]
fn the_programs_find_every_library_inside_of_the_root() {
    let folder = Folder::new("finds");
    let root = folder.0.join("root");
    make_root(&root, &PROGRAMS);
    let libraries = files(&root);
    // Built static there is none, and nothing to find.
    let Some(loader) = libraries.iter().find(|f| f.to_string_lossy().contains("ld-linux")) else { return };
    let folders: BTreeSet<String> = libraries
        .iter()
        .filter(|f| f.to_string_lossy().contains(".so"))
        .map(|f| root.join(f).parent().unwrap().display().to_string())
        .collect();
    let path = folders.into_iter().collect::<Vec<_>>().join(":");
    for program in ["mission-control", "mc"] {
        let listed = run(Command::new(root.join(loader))
            .args(["--inhibit-cache", "--library-path", &path, "--list"])
            .arg(root.join("usr/local/bin").join(program)));
        let listed = String::from_utf8(listed.stdout).unwrap();
        let outside: Vec<&str> = listed
            .lines()
            .filter(|line| line.contains("=>") && !line.contains(&format!("=> {}", root.display())))
            .collect();
        assert!(listed.contains("=>") && outside.iter().all(|line| line.contains("ld-linux")), "{listed}");
    }
}

#[test]
fn the_same_programs_make_the_same_image_and_others_another() {
    let folder = Folder::new("same");
    let at = |name: &str| folder.0.join(name);
    make_root(&at("one"), &PROGRAMS);
    // Another order, and copies that are younger: only the content counts.
    let copies = PROGRAMS.map(|p| at(Path::new(p).file_name().unwrap().to_str().unwrap()));
    for (from, to) in PROGRAMS.iter().zip(&copies) {
        fs::copy(from, to).unwrap();
    }
    make_root(&at("two"), &[copies[1].to_str().unwrap(), copies[0].to_str().unwrap()]);
    let one = make_tar(&at("one"), &at("one.tar"));
    let two = make_tar(&at("two"), &at("two.tar"));
    assert!(one == two, "the same programs made two images");

    let with_one_program = at("three");
    make_root(&with_one_program, &PROGRAMS[1..]);
    assert!(one != make_tar(&with_one_program, &at("three.tar")), "another content made the same image");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let folder = Folder::new("missing");
    let mut command = Command::new(checkout().join("tests/image/root"));
    let output = command.arg(folder.0.join("root")).arg("/does/not/exist").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no program /does/not/exist"), "{said}");
}

#[test]
fn the_dockerfile_builds_with_the_toolchain_of_the_repository() {
    let toolchain = read("rust-toolchain.toml");
    let version = toolchain.split("channel = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(
        read("Dockerfile").contains(&format!("\nARG RUST={version}\n")),
        "Dockerfile: ARG RUST is not {version}"
    );
}

#[test]
fn the_dockerfile_copies_only_what_dockerignore_lets_through() {
    let ignore = read(".dockerignore");
    let let_through: BTreeSet<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let dockerfile = read("Dockerfile");
    let copied: BTreeSet<&str> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|rest| !rest.starts_with("--from"))
        .flat_map(|rest| rest.split(' ').collect::<Vec<_>>().into_iter().rev().skip(1))
        .collect();
    assert_eq!(copied, let_through);
    copied.iter().for_each(|path| assert!(checkout().join(path).exists(), "{path}"));
}
