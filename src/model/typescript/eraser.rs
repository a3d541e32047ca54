//! Goes through a parsed text and blanks out what is a type.
//!
//! Where a blank would join what belongs apart, a `;` or a bracket is put into it: a line that begins with `(` would go
//! on with the line before, and `=>` must stand on the line of the `)` before it.

mod classes;
mod declarations;

use oxc_ast::ast::{
    ArrowFunctionExpression, Class, Declaration, Decorator, FormalParameter, Function, ImportDeclaration,
    ImportDeclarationSpecifier, MethodDefinition, PropertyDefinition, Statement, TSAsExpression,
    TSClassImplements, TSInstantiationExpression, TSNonNullExpression, TSSatisfiesExpression,
    TSTypeAnnotation, TSTypeAssertion, TSTypeParameterDeclaration, TSTypeParameterInstantiation,
    VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan as _, Span};
use oxc_syntax::scope::ScopeFlags;

use super::TypesError;
use super::blanks::Blanks;
use super::text;

/// See the module.
pub(super) struct Eraser<'source> {
    source: &'source str,
    blanks: Blanks<'source>,
    /// The first construct that is more than a type.
    unsupported: Option<TypesError>,
    /// Where the last statement or body of an arrow function began that is an expression.
    start_of_expression: Option<u32>,
}

fn start(span: Span) -> usize {
    span.start as usize
}

fn end(span: Span) -> usize {
    span.end as usize
}

impl<'source> Eraser<'source> {
    pub(super) fn new(source: &'source str) -> Self {
        Self { source, blanks: Blanks::new(source), unsupported: None, start_of_expression: None }
    }

    /// The text, if it could be done and there was anything to do.
    pub(super) fn finish(self) -> Result<Option<String>, TypesError> {
        match self.unsupported {
            Some(error) => Err(error),
            None => Ok(self.blanks.finish()),
        }
    }

    fn refuse(&mut self, construct: &'static str, at: Span, advice: &'static str) {
        if self.unsupported.is_none() {
            let position = text::position(self.source, start(at));
            self.unsupported = Some(TypesError::Unsupported { construct, advice, position });
        }
    }

    fn blank(&mut self, span: Span) {
        self.blanks.blank(start(span), end(span));
    }

    /// Blanks a whole statement or class member out. What stands before it ends there.
    fn blank_statement(&mut self, span: Span) {
        self.blank(span);
        self.blanks.put(start(span), b';');
    }

    /// Blanks the end of an expression out. What follows must not go on with the expression.
    fn blank_end(&mut self, from: usize, to: usize) {
        self.blanks.blank(from, to);
        if let Some('(' | '[' | '`') = text::next_character(self.source, to) {
            self.blanks.put(to - 1, b';');
        }
    }

    /// Blanks the `?` or `!` out that stands behind `from`.
    fn blank_mark(&mut self, from: usize) {
        let at = text::skip_trivia(self.source, from);
        if self.source[at..].starts_with(['?', '!']) {
            self.blanks.blank(at, at + 1);
        }
    }

    /// Blanks an item of a list out, with the comma behind it.
    fn blank_item(&mut self, span: Span) {
        self.blank(span);
        let next = text::skip_trivia(self.source, end(span));
        if self.source[next..].starts_with(',') {
            self.blanks.blank(next, next + 1);
        }
    }
}

impl<'a> Visit<'a> for Eraser<'_> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        if let Some(declaration) = it.as_declaration() {
            self.declaration(declaration, it.span());
        } else if let Some(declaration) = it.as_module_declaration() {
            self.module_declaration(declaration);
        } else {
            if let Statement::ExpressionStatement(statement) = it {
                self.start_of_expression = Some(statement.span.start);
            }
            walk::walk_statement(self, it);
        }
    }

    fn visit_declaration(&mut self, it: &Declaration<'a>) {
        self.declaration(it, it.span());
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        for specifier in it.specifiers.iter().flatten() {
            if let ImportDeclarationSpecifier::ImportSpecifier(specifier) = specifier
                && specifier.import_kind.is_type()
            {
                self.blank_item(specifier.span);
            }
        }
    }

    fn visit_function(&mut self, it: &Function<'a>, _flags: ScopeFlags) {
        if let Some(this) = &it.this_param {
            self.blank_item(this.span);
        }
        if let Some(types) = &it.type_parameters {
            self.visit_ts_type_parameter_declaration(types);
        }
        self.visit_formal_parameters(&it.params);
        if let Some(types) = &it.return_type {
            self.visit_ts_type_annotation(types);
        }
        if let Some(body) = &it.body {
            self.visit_function_body(body);
        }
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        let parameters = it.params.span;
        if let Some(types) = &it.type_parameters {
            self.blank(types.span);
            // `async` and `(` must stand on one line.
            if self.blanks.has_line_end(start(types.span), start(parameters)) {
                self.blanks.put(start(types.span), b'(');
                self.blanks.blank(start(parameters), start(parameters) + 1);
            }
        }
        self.visit_formal_parameters(&it.params);
        if let Some(types) = &it.return_type {
            self.blank(types.span);
            let bracket = end(parameters) - 1;
            if self.blanks.has_line_end(bracket, end(types.span)) {
                self.blanks.blank(bracket, bracket + 1);
                self.blanks.put(end(types.span) - 1, b')');
            }
        }
        if let Some(body) = it.body.as_expression() {
            self.start_of_expression = Some(body.span().start);
        }
        self.visit_arrow_function_body(&it.body);
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.refuse(
                "a parameter that is a property",
                it.span,
                "Declare the property in the class, and assign it in the constructor.",
            );
        }
        if it.optional {
            self.blank_mark(end(it.pattern.span()));
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if it.definite {
            self.blank_mark(end(it.id.span()));
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.class(it);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        self.method(it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        self.property(it);
    }

    fn visit_ts_index_signature(&mut self, it: &oxc_ast::ast::TSIndexSignature<'a>) {
        self.blank_statement(it.span);
    }

    fn visit_decorator(&mut self, it: &Decorator<'a>) {
        self.refuse("a decorator", it.span, "Call the function yourself.");
    }

    fn visit_ts_class_implements(&mut self, _it: &TSClassImplements<'a>) {}

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        self.blank(it.span);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.blank(it.span);
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.blank(it.span);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_end(end(it.expression.span()), end(it.span));
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_end(end(it.expression.span()), end(it.span));
    }

    fn visit_ts_instantiation_expression(&mut self, it: &TSInstantiationExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_end(start(it.type_arguments.span), end(it.type_arguments.span));
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blanks.blank(end(it.span) - 1, end(it.span));
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        let (from, to) = (start(it.span), start(it.expression.span()));
        let operand = &self.source[to..];
        let is_first = self.start_of_expression == Some(it.span.start);
        let reads_as_statement =
            ["{", "function", "class", "async", "let"].iter().any(|word| operand.starts_with(word));
        if (is_first && reads_as_statement) || self.blanks.has_line_end(from, to) {
            self.refuse("`<T>value` in this place", it.span, "Write `(value as T)`.");
        }
        self.blanks.blank(from, to);
        self.visit_expression(&it.expression);
    }
}
