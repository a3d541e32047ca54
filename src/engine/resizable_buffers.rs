//! Counts resizable `ArrayBuffer`s. V8 takes their memory from the operating system, past the isolate's allocator.
//!
//! Such a buffer counts with its `maxByteLength` for as long as it lives, whatever its length: so much address space is
//! its own, and it can grow into it without another word. `globals::array_buffer` puts these functions where scripts
//! meet them.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;

use super::buffers::BufferMeter;
use super::contain::contain;
use super::globals::Pristine;
use super::state::CellState;
use super::values::name;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// What a buffer counts at least. Each is a mapping of its own, and a process can have some ten thousand of those.
const LEAST_BYTES: usize = 64 * 1024;

/// V8's own functions behind `ArrayBuffer`, kept from before any script has run.
pub(super) struct PristineArrayBuffer {
    construct: v8::Global<v8::Function>,
    transfer: v8::Global<v8::Function>,
    maximum: v8::Global<v8::Function>,
}

impl PristineArrayBuffer {
    /// Takes them from a virgin context.
    pub(super) fn of_virgin(scope: &v8::PinScope<'_, '_>, pristine: &Pristine<'_>) -> Self {
        let originals = &pristine.array_buffer;
        Self {
            construct: v8::Global::new(scope, originals.construct),
            transfer: v8::Global::new(scope, originals.transfer),
            maximum: v8::Global::new(scope, originals.maximum),
        }
    }
}

/// The resizable buffers of one cell.
pub(super) struct ResizableBuffers {
    pristine: Option<PristineArrayBuffer>,
    meter: Arc<BufferMeter>,
    held: RefCell<Vec<Held>>,
    watches_collector: Cell<bool>,
}

/// What one buffer counts.
struct Held {
    buffer: v8::Weak<v8::ArrayBuffer>,
    bytes: usize,
}

impl ResizableBuffers {
    pub(super) fn new(meter: &Arc<BufferMeter>, pristine: Option<PristineArrayBuffer>) -> Self {
        Self {
            pristine,
            meter: Arc::clone(meter),
            held: RefCell::default(),
            watches_collector: Cell::new(false),
        }
    }

    /// Counts `bytes`, if need be after a garbage collection. Says whether they fit.
    fn reserve(&self, scope: Scope<'_, '_, '_>, bytes: usize) -> bool {
        if self.meter.hold(bytes) {
            return true;
        }
        scope.low_memory_notification();
        self.release_detached(scope);
        let fits = self.meter.hold(bytes);
        if !fits {
            self.meter.note_refusal();
        }
        fits
    }

    /// From now on the buffer owns what was counted.
    fn own(&self, scope: Scope<'_, '_, '_>, buffer: v8::Local<'_, v8::ArrayBuffer>, bytes: usize) {
        if !self.watches_collector.replace(true) {
            let every = v8::GCType::kGCTypeAll;
            scope.add_gc_epilogue_callback(after_collection, std::ptr::null_mut(), every);
        }
        let buffer = v8::Weak::new(scope, buffer);
        self.held.borrow_mut().push(Held { buffer, bytes });
    }

    fn release(&self, is_over: impl Fn(&v8::Weak<v8::ArrayBuffer>) -> bool) {
        // A collection in the middle of a change finds the list taken, and the next one does its work.
        let Ok(mut held) = self.held.try_borrow_mut() else { return };
        held.retain(|one| {
            let is_over = is_over(&one.buffer);
            if is_over {
                self.meter.release(one.bytes);
            }
            !is_over
        });
    }

    fn release_collected(&self) {
        self.release(v8::Weak::is_empty);
    }

    /// Those that were transferred have no memory any more.
    fn release_detached(&self, scope: Scope<'_, '_, '_>) {
        v8::scope!(let scope, scope);
        self.release(|buffer| buffer.to_local(scope).is_none_or(|buffer| buffer.was_detached()));
    }
}

unsafe extern "C" fn after_collection(
    isolate: v8::UnsafeRawIsolatePtr,
    _kind: v8::GCType,
    _flags: v8::GCCallbackFlags,
    _data: *mut c_void,
) {
    // SAFETY: V8 passes the isolate that it has collected, on its own thread. Only its slots are looked at.
    let isolate = unsafe { v8::Isolate::ref_from_raw_isolate_ptr(&isolate) };
    if let Some(state) = CellState::of(isolate) {
        state.resizable_buffers.release_collected();
    }
}

/// The trap of the proxy: V8 calls it with the target, the arguments as an array, and `new.target`.
pub(super) fn construct<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    if let Some(buffer) = contain(scope, |scope| construct_counted(scope, &arguments)) {
        returned.set(buffer);
    }
}

/// None: an exception is pending.
fn construct_counted<'s>(
    scope: Scope<'_, 's, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<v8::Local<'s, v8::Value>> {
    let state = CellState::of(scope)?;
    let buffers = &state.resizable_buffers;
    let reflect_construct = v8::Local::new(scope, &buffers.pristine.as_ref()?.construct);
    let (target, new_target) = (arguments.get(0), arguments.get(2));
    let list = v8::Local::<v8::Array>::try_from(arguments.get(1)).ok()?;
    let build = |scope: Scope<'_, 's, '_>, list: v8::Local<'s, v8::Array>| {
        let nobody = v8::undefined(scope).into();
        reflect_construct.call(scope, nobody, &[target, list.into(), new_target])
    };
    if list.length() < 2 {
        return build(scope, list);
    }
    let length = list.get_index(scope, 0)?;
    let Ok(options) = v8::Local::<v8::Object>::try_from(list.get_index(scope, 1)?) else {
        return build(scope, list);
    };
    // As the language has it: first the length becomes a number, then the option is read, once. What is no length and
    // no maximum is left to V8, which says so.
    let length = length.number_value(scope)?;
    let length_value = v8::Number::new(scope, length).into();
    if length.trunc() < 0.0 || length > MOST_BYTES {
        let list = v8::Array::new_with_elements(scope, &[length_value]);
        return build(scope, list);
    }
    let key = name(scope, "maxByteLength");
    let maximum = options.get(scope, key.into())?;
    if maximum.is_undefined() {
        let list = v8::Array::new_with_elements(scope, &[length_value]);
        return build(scope, list);
    }
    let maximum = maximum.number_value(scope)?;
    let null = v8::null(scope).into();
    let value = v8::Number::new(scope, maximum).into();
    let options = v8::Object::with_prototype_and_properties(scope, null, &[key.into()], &[value]);
    let list = v8::Array::new_with_elements(scope, &[length_value, options.into()]);
    let bytes = counted(maximum);
    if !buffers.reserve(scope, bytes) {
        let message = name(scope, "Array buffer allocation failed");
        let error = v8::Exception::range_error(scope, message);
        scope.throw_exception(error);
        return None;
    }
    let made = build(scope, list);
    match made.and_then(|made| v8::Local::<v8::ArrayBuffer>::try_from(made).ok()) {
        Some(buffer) => buffers.own(scope, buffer, bytes),
        None => buffers.meter.release(bytes),
    }
    made
}

/// The largest index of the language, 2^53 - 1.
const MOST_BYTES: f64 = 9_007_199_254_740_991.0;

/// What a buffer with this maximum counts.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn counted(maximum: f64) -> usize {
    // A cast from a float saturates, and makes NaN 0.
    (maximum as usize).max(LEAST_BYTES)
}

/// `ArrayBuffer.prototype.transfer`. The new buffer has the memory of the old one, or less, and counts what that did.
pub(super) fn transfer<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    if let Some(buffer) = contain(scope, |scope| transfer_counted(scope, &arguments)) {
        returned.set(buffer);
    }
}

/// None: an exception is pending.
fn transfer_counted<'s>(
    scope: Scope<'_, 's, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<v8::Local<'s, v8::Value>> {
    let state = CellState::of(scope)?;
    let buffers = &state.resizable_buffers;
    let pristine = buffers.pristine.as_ref()?;
    let original = v8::Local::new(scope, &pristine.transfer);
    let given: Vec<_> = (0..arguments.length()).map(|index| arguments.get(index)).collect();
    let made = original.call(scope, arguments.this().into(), &given)?;
    let buffer = v8::Local::<v8::ArrayBuffer>::try_from(made).ok()?;
    if buffer.get_backing_store().is_resizable_by_user_javascript() {
        let maximum = v8::Local::new(scope, &pristine.maximum);
        let bytes = counted(maximum.call(scope, made, &[])?.number_value(scope)?);
        buffers.release_detached(scope);
        // What the old buffer counted is free again, so this can't fail.
        buffers.meter.hold(bytes);
        buffers.own(scope, buffer, bytes);
    }
    Some(made)
}
