use super::*;

/// Blanks on a thread with the stack that it needs.
fn blanked(source: &str) -> Result<Option<String>, TypesError> {
    let stack = stack_bytes(source)?;
    let source = source.to_owned();
    let thread = std::thread::Builder::new()
        .stack_size(stack)
        .spawn(move || blank_types(&source, &Allocator::default()));
    thread.expect("a thread").join().expect("no panic")
}

fn text(source: &str) -> String {
    blanked(source).expect("TypeScript").expect("with types")
}

#[test]
fn types_become_spaces() {
    let facts = [
        ("let a: number = 1", "let a         = 1"),
        ("let a!: T; a", "let a    ; a"),
        ("const f = (a?: T, ...b: T[]): void => {}", "const f = (a    , ...b     )       => {}"),
        (
            "function f<T>(this: X, a: T): asserts a is T {}",
            "function f   (         a   )                 {}",
        ),
        ("f<T>(1); new C<T>(); t<T>`x`", "f   (1); new C   (); t   `x`"),
        ("a as T; b satisfies T; c!.d; <T>e", "a     ; b            ; c .d;    e"),
        ("import { type A, b } from 'x'", "import {         b } from 'x'"),
        ("import { b, type A } from 'x'", "import { b,        } from 'x'"),
        ("export { a, type B }", "export { a,        }"),
        ("class A<T> extends B<T> implements C, D<T> {}", "class A    extends B                       {}"),
        (
            "abstract class A { abstract a(): T; b(): T {} }",
            "         class A { ;                b()    {} }",
        ),
        ("class A implements /* implements */ B {}", "class A                               {}"),
        ("(class implements B {})", "(class              {})"),
        ("export default abstract class A {}", "export default          class A {}"),
        ("export abstract class A {}", "export          class A {}"),
        ("class A { private readonly a?: T = 1 }", "class A { ;                a     = 1 }"),
        (
            "class A { static readonly a = 1; [k: string]: T }",
            "class A { static          a = 1; ;              }",
        ),
        ("class A { a(): T; a(): T {} }", "class A { ;       a()    {} }"),
        ("try {} catch (e: unknown) {}", "try {} catch (e         ) {}"),
        ("const { a, b }: T = c", "const { a, b }    = c"),
        ("for (const a of b as T[]) {}", "for (const a of b       ) {}"),
        ("f<string>; a = f<T>", "f        ; a = f   "),
        ("async <T,>(a: T) => a", "async     (a   ) => a"),
        ("/* é */ let a: 'é' = 1", "/* é */ let a      = 1"),
        ("let a: '😀' = '😀'", "let a       = '😀'"),
    ];
    for (source, expected) in facts {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn statements_of_types_become_empty_statements() {
    for source in [
        "type A = 1",
        "interface A { a: 1 }",
        "declare const a: 1",
        "declare function f(): void",
        "declare class A {}",
        "declare enum E { A }",
        "declare module 'x' { }",
        "declare global { }",
        "namespace A { export type B = 1; interface C {} }",
        "import type { A } from 'x'",
        "import type A from 'x'",
        "export type { A } from 'x'",
        "export type A = 1",
        "export interface A {}",
        "export default interface A {}",
        "function f(a: 1): void",
    ] {
        assert_eq!(text(source).trim_end(), ";", "{source}");
    }
}

#[test]
fn a_blank_does_not_join_what_belongs_apart() {
    let facts = [
        ("a\ntype B = 1\n(c)", "a\n;         \n(c)"),
        ("let a = b as T\n(c)", "let a = b    ;\n(c)"),
        ("let a = b satisfies T // x\n[c]", "let a = b           ; // x\n[c]"),
        ("let f = (a):\n  T => b", "let f = (a  \n  ) => b"),
        ("let f = (a\n): { b: 1,\n c: 2 } => b", "let f = (a\n          \n      ) => b"),
        ("let f = async <\n  T\n>(a) => b", "let f = async (\n   \n  a) => b"),
        ("class A { get: T\n a() {} }", "class A { get;  \n a() {} }"),
        ("class A { a = 1\n private [b] = 2 }", "class A { a = 1\n ;       [b] = 2 }"),
        ("class A { a = 1\n public *b() {} }", "class A { a = 1\n ;      *b() {} }"),
    ];
    for (source, expected) in facts {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn what_is_more_than_a_type_is_refused_with_its_place() {
    let facts = [
        ("let a: 1\nenum E { A }", "enum", 2, 1),
        ("const enum E { A }", "enum", 1, 1),
        ("export enum E { A }", "enum", 1, 8),
        ("namespace A { export const b = 1 }", "namespace", 1, 1),
        ("class A { constructor(private a: T) {} }", "parameter", 1, 23),
        ("import a = require('a')", "import", 1, 1),
        ("export = a", "export =", 1, 1),
        ("let a: 1\n  @b class A {}", "decorator", 2, 3),
        ("const f = () => <T>{ a: 1 }", "<T>", 1, 17),
    ];
    for (source, word, line, column) in facts {
        match blanked(source) {
            Err(error @ TypesError::Unsupported { position, .. }) => {
                assert!(error.to_string().contains(word), "{source}: {error}");
                assert_eq!(position, TextPosition { line, column }, "{source}");
            }
            other => panic!("{source}: {other:?}"),
        }
    }
}

#[test]
fn javascript_has_nothing_to_take_out() {
    assert_eq!(blanked("const a = b < c; x ? (y) : z => 1"), Ok(None));
    assert!(matches!(blanked("let let = 1 +"), Err(TypesError::Syntax { .. })));
}

/// The stack is sized by the number of tokens.
#[test]
fn however_deep_a_text_is_nested_its_stack_lasts() {
    let parts = [
        "(",
        "[",
        "{",
        "a=>",
        "!",
        "- ",
        "a+",
        "a=",
        "a**",
        "if(1)",
        "x?x:",
        "A<",
        "`${",
        "new ",
        "a.",
        "a:",
        "(a=",
        "(a:",
        "x?(a",
        "a<",
        "({a:",
        "function f(){",
        "class A{a=",
        "class A extends ",
        "type A=",
        "let a:",
        "let a:{b:",
        "async(",
        "<T>(",
        "<T>",
        "a?(b):c=>",
        "a as ",
        "a as typeof b[",
        "(a):b=>",
        "keyof ",
        "let a:A<",
        "let a:(",
        "let a:(b:",
        "await ",
        "for(;;)",
        "while(1)",
        "do ",
        "else ",
        "if(1);else ",
        "switch(a){case ",
        "a??",
        "a,",
        "a[",
        "a(",
        "@a(",
        "try{",
        "import(",
        "namespace A{",
        "declare module A{",
        "[a,",
        "{a,b:",
        "...",
        "...[",
        "a`",
        "let a:B extends C?",
        "let a:()=>",
        "let a:new ()=>",
        "let a:[",
        "let a:`${",
        "let a:B|",
        "yield ",
        "let{a:",
        "let[",
        "a?.",
        "a!",
        "enum A{a=",
        "static{",
        "label:",
        "a;",
        "\"\\",
        "/(",
        "1..a",
        "void ",
        "<",
        "<<",
        "-->",
        "<!--",
        "new\u{a0}",
        "a\u{a0}=>\u{a0}",
        "typeof\u{3000}",
        "0in0in",
        "é=>",
    ];
    for part in parts {
        // Some of them take the parser time and memory by the square of their number.
        let count = 3_000 / text::most_tokens(part).max(1);
        // What comes of it does not matter. That it comes does.
        let _ = blanked(&part.repeat(count));
    }
    assert_eq!(blanked(&"(".repeat(100_000)), Err(TypesError::TooLong));
}
