//! What stands between the macro's braces, and the files that it names.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use loss_codegen::source::SourceFile;
use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token, bracketed};

/// Where the specs are.
pub(crate) enum Arguments {
    /// In the library.
    Own,
    /// In a folder.
    Folder(LitStr),
    /// In these files.
    Files(Vec<LitStr>),
}

/// A spec of the crate that calls the macro.
pub(crate) struct SpecOnDisk {
    /// The stem of the file.
    pub(crate) name: String,
    /// The path from the crate's folder, and the text.
    pub(crate) source: SourceFile,
    /// The whole path.
    pub(crate) absolute: String,
    /// Where the macro's arguments name it, or its folder.
    pub(crate) named_at: Span,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self::Own);
        }
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let arguments = match key.to_string().as_str() {
            "dir" => Self::Folder(input.parse()?),
            "files" => {
                let list;
                bracketed!(list in input);
                Self::Files(Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect())
            }
            other => {
                let message =
                    format!("unknown argument `{other}`; `dir = \"specs\"` or `files = [\"specs/ours.yaml\"]`");
                return Err(Error::new(key.span(), message));
            }
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(arguments)
    }
}

impl Arguments {
    /// The files, by name; none if the library's own specs are meant.
    pub(crate) fn files(self) -> Result<Option<Vec<SpecOnDisk>>> {
        let files: Vec<(LitStr, String)> = match self {
            Self::Own => return Ok(None),
            Self::Files(files) => files.into_iter().map(|file| (file.clone(), file.value())).collect(),
            Self::Folder(folder) => {
                let names = yaml_files(&root().join(folder.value())).map_err(|error| unreadable(&folder, &error))?;
                if names.is_empty() {
                    return Err(Error::new(folder.span(), "the folder holds no YAML file"));
                }
                let path = folder.value();
                let path = path.trim_end_matches('/');
                names.into_iter().map(|name| (folder.clone(), format!("{path}/{name}"))).collect()
            }
        };
        files.into_iter().map(|(argument, path)| read(&argument, path)).collect::<Result<_>>().map(Some)
    }
}

/// The folder of the `Cargo.toml` whose crate is compiled.
fn root() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default()
}

fn yaml_files(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read(argument: &LitStr, path: String) -> Result<SpecOnDisk> {
    let whole = root().join(&path);
    let text = fs::read_to_string(&whole).map_err(|error| unreadable(argument, &error))?;
    let name = whole.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let absolute = whole.to_string_lossy().into_owned();
    Ok(SpecOnDisk { name, source: SourceFile { path, text }, absolute, named_at: argument.span() })
}

fn unreadable(argument: &LitStr, error: &io::Error) -> Error {
    let message = format!("`{}` cannot be read, from the folder of Cargo.toml: {error}", argument.value());
    Error::new(argument.span(), message)
}
