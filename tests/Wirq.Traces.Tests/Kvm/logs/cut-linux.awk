# Leaves of a report of trace-cmd what tells of interrupts: no memory, no time of the host, no byte of the serial port and no
# access to PCI, and of the entries those that inject; with -v first=1 the first one too.
BEGIN { want = first }
/kvm_(fpu|pv_tlb_flush|emulate_insn|page_fault|unmap_hva_range|set_spte_hva|cpuid|hv_timer_state|wait_lapic_expire|update_master_clock|apicv_inhibit_changed|track_tsc|halt_poll_ns|pvclock_update):/ { next }
/vcpu_match_mmio:|kvm_exit:/ { next }
/kvm_pio: .* at 0x3f[0-9a-f] / { next }
/kvm_pio: .* at 0x(cf8|cfc|cfd|cfe|cff) / { next }
/kvm_userspace_exit: .*\((2|6)\)/ { next }
/kvm_entry:/ { if (!want) next; want = 0 }
/kvm_inj_virq:/ { want = 1 }
{ print }
