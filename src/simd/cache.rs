//! The size of the last-level cache: beyond it results are written past the caches.

use std::sync::OnceLock;

/// Where the machine does not say.
const ASSUMED: usize = 32 << 20;

/// The bytes of the largest cache that the machine reports, or 32 MiB.
pub(crate) fn last_level_cache() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| reported().unwrap_or(ASSUMED))
}

#[cfg(not(target_arch = "x86_64"))]
fn reported() -> Option<usize> {
    None
}

/// From the leaves that list caches: 4 on Intel's processors, 0x8000001D on AMD's.
#[cfg(target_arch = "x86_64")]
fn reported() -> Option<usize> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};

    let highest = [0, 0x8000_0000].map(|leaf| __cpuid(leaf).eax);
    let leaves = [(4, highest[0]), (0x8000_001D, highest[1])];
    let present = leaves.into_iter().filter(|(leaf, highest)| leaf <= highest);
    let sizes = present.flat_map(|(leaf, _)| {
        let caches = (0..8).map(move |index| __cpuid_count(leaf, index));
        caches.take_while(|cache| cache.eax & 31 != 0).map(|cache| {
            let ways = (cache.ebx >> 22) as usize + 1;
            let partitions = (cache.ebx >> 12 & 0x3ff) as usize + 1;
            let line = (cache.ebx & 0xfff) as usize + 1;
            ways * partitions * line * (cache.ecx as usize + 1)
        })
    });
    sizes.max()
}
