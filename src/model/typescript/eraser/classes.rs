//! Classes and their members.

use oxc_ast::ast::{
    AccessorPropertyType, Class, ClassElement, MethodDefinition, MethodDefinitionType, PropertyDefinition,
    PropertyDefinitionType, PropertyKey,
};
use oxc_ast_visit::{Visit as _, walk};
use oxc_span::{GetSpan, Span};

use super::{Eraser, end, start};
use crate::model::typescript::text;

/// Words before the name of a class or a member that only TypeScript has.
const MODIFIERS: [&str; 7] =
    ["public", "private", "protected", "readonly", "override", "abstract", "declare"];

impl Eraser<'_> {
    pub(super) fn class(&mut self, it: &Class<'_>) {
        self.visit_decorators(&it.decorators);
        if it.r#abstract {
            self.blank_modifiers(start(it.span), end(it.span));
        }
        if let Some(types) = &it.type_parameters {
            self.blank(types.span);
        }
        if let Some(heritage) = &it.heritage {
            self.visit_class_heritage(heritage);
        }
        if let Some(last) = it.implements.last() {
            self.blanks.blank(text::skip_trivia(self.source, self.end_of_head(it)), end(last.span));
        }
        for member in &it.body.body {
            self.member(member);
        }
    }

    /// Where the part of a class ends that stands before `implements`.
    fn end_of_head(&self, it: &Class<'_>) -> usize {
        if let Some(heritage) = &it.heritage {
            return end(heritage
                .type_arguments
                .as_ref()
                .map_or(heritage.expression.span(), |types| types.span));
        }
        if let Some(span) =
            it.type_parameters.as_ref().map(|types| types.span).or(it.id.as_ref().map(GetSpan::span))
        {
            return end(span);
        }
        let mut at = start(it.span);
        loop {
            let from = text::skip_trivia(self.source, at);
            at = text::end_of_word(self.source, from);
            if at == from || &self.source[from..at] == "class" {
                return at;
            }
        }
    }

    fn member(&mut self, it: &ClassElement<'_>) {
        let is_type = match it {
            ClassElement::MethodDefinition(it) => {
                it.value.body.is_none() || it.r#type == MethodDefinitionType::TSAbstractMethodDefinition
            }
            ClassElement::PropertyDefinition(it) => {
                it.declare || it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition
            }
            ClassElement::AccessorProperty(it) => {
                it.r#type == AccessorPropertyType::TSAbstractAccessorProperty
            }
            ClassElement::TSIndexSignature(_) => true,
            ClassElement::StaticBlock(_) => false,
        };
        if is_type {
            self.blank_statement(it.span());
        } else {
            walk::walk_class_element(self, it);
        }
    }

    pub(super) fn method(&mut self, it: &MethodDefinition<'_>) {
        self.visit_decorators(&it.decorators);
        self.blank_member_modifiers(it.span, &it.key);
        self.visit_property_key(&it.key);
        if it.optional {
            self.blank_member_mark(&it.key, it.computed);
        }
        self.visit_function(&it.value, oxc_syntax::scope::ScopeFlags::Function);
    }

    pub(super) fn property(&mut self, it: &PropertyDefinition<'_>) {
        self.visit_decorators(&it.decorators);
        self.blank_member_modifiers(it.span, &it.key);
        self.visit_property_key(&it.key);
        if it.optional || it.definite {
            self.blank_member_mark(&it.key, it.computed);
        }
        if let Some(types) = &it.type_annotation {
            self.blank(types.span);
            // A property by the name of `get` or `static` would be read with what follows.
            if it.value.is_none() {
                self.blanks.put(start(types.span), b';');
            }
        }
        if let Some(value) = &it.value {
            self.visit_expression(value);
        }
    }

    fn blank_member_mark(&mut self, key: &PropertyKey<'_>, computed: bool) {
        let mut from = end(key.span());
        if computed {
            from = text::skip_trivia(self.source, from) + 1;
        }
        self.blank_mark(from);
    }

    fn blank_member_modifiers(&mut self, member: Span, key: &PropertyKey<'_>) {
        let first = text::skip_trivia(self.source, start(member));
        let has_blanked_first = self.blank_modifiers(first, start(key.span()));
        if has_blanked_first {
            // The member before may have no semicolon.
            self.blanks.put(first, b';');
        }
    }

    /// Blanks TypeScript's words out between two places. Says whether the first word was one.
    fn blank_modifiers(&mut self, from: usize, to: usize) -> bool {
        let mut at = text::skip_trivia(self.source, from);
        let first = at;
        let mut has_blanked_first = false;
        while at < to {
            let word_end = text::end_of_word(self.source, at);
            let word = &self.source[at..word_end];
            if MODIFIERS.contains(&word) {
                self.blanks.blank(at, word_end);
                has_blanked_first |= at == first;
            } else if word.is_empty() || word == "class" {
                break;
            }
            at = text::skip_trivia(self.source, word_end);
        }
        has_blanked_first
    }
}
