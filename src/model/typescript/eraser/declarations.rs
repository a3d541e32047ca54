//! Declarations, imports and exports.

use oxc_ast::ast::{
    Declaration, ExportDefaultDeclarationKind, ExportSpecifier, ModuleDeclaration, Statement,
    TSNamespaceDeclaration, TSNamespaceDeclarationBody,
};
use oxc_ast_visit::walk;
use oxc_span::{GetSpan as _, Span};

use super::{Eraser, start};

impl Eraser<'_> {
    /// A declaration that is the statement, or is exported by the statement, in `statement`.
    pub(super) fn declaration(&mut self, it: &Declaration<'_>, statement: Span) {
        if is_type(it) {
            return self.blank_statement(statement);
        }
        match it {
            Declaration::TSEnumDeclaration(it) => self.refuse(
                "TypeScript's `enum`",
                it.span,
                "Write an object: `const Colour = { Red: 0, Green: 1 }`.",
            ),
            Declaration::TSNamespaceDeclaration(it) => {
                self.refuse(
                    "TypeScript's `namespace` with values",
                    it.span,
                    "Write an object, or functions.",
                );
            }
            Declaration::TSImportEqualsDeclaration(it) => {
                self.refuse("TypeScript's `import … =`", it.span, "Write `import … from`.");
            }
            _ => walk::walk_declaration(self, it),
        }
    }

    pub(super) fn module_declaration(&mut self, it: &ModuleDeclaration<'_>) {
        let statement = it.span();
        match it {
            ModuleDeclaration::ImportDeclaration(it) if it.import_kind.is_type() => {
                self.blank_statement(statement);
            }
            ModuleDeclaration::ExportAllDeclaration(it) if it.export_kind.is_type() => {
                self.blank_statement(statement);
            }
            ModuleDeclaration::ExportNamedDeclaration(it) if it.export_kind.is_type() => {
                self.blank_statement(statement);
            }
            ModuleDeclaration::ExportFromDeclaration(it) if it.export_kind.is_type() => {
                self.blank_statement(statement);
            }
            ModuleDeclaration::ExportNamedDeclaration(it) => self.specifiers(&it.specifiers),
            ModuleDeclaration::ExportFromDeclaration(it) => self.specifiers(&it.specifiers),
            ModuleDeclaration::ExportDeclaration(it) => self.declaration(&it.declaration, statement),
            ModuleDeclaration::TSNamespaceExportDeclaration(_) => self.blank_statement(statement),
            ModuleDeclaration::TSExportAssignment(it) => {
                self.refuse("TypeScript's `export =`", it.span, "Write `export default`.");
            }
            ModuleDeclaration::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => self.blank_statement(statement),
                ExportDefaultDeclarationKind::FunctionDeclaration(function) if function.body.is_none() => {
                    self.blank_statement(statement);
                }
                declaration => {
                    self.start_of_expression = u32::try_from(start(declaration.span())).ok();
                    walk::walk_export_default_declaration(self, it);
                }
            },
            ModuleDeclaration::ImportDeclaration(_) | ModuleDeclaration::ExportAllDeclaration(_) => {
                walk::walk_module_declaration(self, it);
            }
        }
    }

    fn specifiers(&mut self, specifiers: &[ExportSpecifier<'_>]) {
        for specifier in specifiers {
            if specifier.export_kind.is_type() {
                self.blank_item(specifier.span);
            }
        }
    }
}

/// Whether nothing of a declaration is left when the script runs.
fn is_type(it: &Declaration<'_>) -> bool {
    match it {
        Declaration::TSTypeAliasDeclaration(_)
        | Declaration::TSInterfaceDeclaration(_)
        | Declaration::TSGlobalDeclaration(_)
        | Declaration::TSExternalModuleDeclaration(_) => true,
        Declaration::VariableDeclaration(it) => it.declare,
        Declaration::FunctionDeclaration(it) => it.declare || it.body.is_none(),
        Declaration::ClassDeclaration(it) => it.declare,
        Declaration::TSEnumDeclaration(it) => it.declare,
        Declaration::TSNamespaceDeclaration(it) => it.declare || is_namespace_of_types(it),
        Declaration::TSImportEqualsDeclaration(it) => it.import_kind.is_type(),
    }
}

fn is_namespace_of_types(it: &TSNamespaceDeclaration<'_>) -> bool {
    match &it.body {
        TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => is_namespace_of_types(inner),
        TSNamespaceDeclarationBody::TSModuleBlock(block) => {
            block.body.iter().all(|statement| match statement {
                Statement::ExportDeclaration(export) => is_type(&export.declaration),
                _ => statement.as_declaration().is_some_and(is_type),
            })
        }
    }
}
