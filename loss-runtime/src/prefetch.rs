//! Fetching ahead what will soon be read or written. It changes no result, and is safe: what is fetched are the lines of a slice.
//!
//! A processor fetches ahead by itself, but few lines at a time: beside much computing it waits for each of the next. Where arrays are in caches that are
//! near, this gains nothing and takes its time (`verify/benches/NOTES.md`).

/// How many bytes ahead. What is less far comes too late.
const AHEAD: usize = 4096;

/// From how many bytes, read and written, the arrays of a call are mostly in no near cache.
pub const BEYOND_CACHES: usize = 1 << 24;

/// The bytes that a cache fetches at a time.
#[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
const LINE: usize = 64;

/// Whether so many numbers of the compute type are read and written that most of them come from memory. Narrower ones count as if they were of it.
#[inline(always)]
#[must_use]
pub fn is_far<T>(numbers: usize) -> bool {
    numbers * size_of::<T>() >= BEYOND_CACHES
}

/// What lies as far ahead as is fetched, of places from `at` on; nothing, if there are not so many.
#[inline(always)]
#[must_use]
pub fn ahead<T>(values: &[T], at: usize, len: usize) -> &[T] {
    let at = at + AHEAD / size_of::<T>();
    values.get(at..at + len).unwrap_or(&[])
}

/// Fetches what will be read.
#[inline(always)]
pub fn prefetch_read<T>(soon: &[T]) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    for line in soon.chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_t0(&line[0]);
    }
    let _ = soon;
}

/// Fetches what will be written.
#[inline(always)]
pub fn prefetch_write<T>(soon: &[T]) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    for line in soon.chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_et0(&line[0]);
    }
    let _ = soon;
}
