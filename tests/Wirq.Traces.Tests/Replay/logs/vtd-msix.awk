{ text = $0; sub(/^[0-9]+@[0-9.]+:/, "", text); thread = $0; sub(/@.*/, "", thread) }
text ~ /^ioapic_set_irq vector: 4 / { uart = 1; next }
uart && text ~ /^(vtd_ir_|vtd_warn|apic_deliver_irq)/ { next }
text !~ /^(pic_|apic_report|vtd_ir_remap_type|ioapic_set_irq vector: 4 )/ { uart = 0 }
text ~ /^apic_deliver_irq/ { sent++ }
text ~ /^apic_mem_writel 0xb0 / && ended[thread] != sent { ended[thread] = sent; print; next }
text ~ /^(ioapic_set_irq|ioapic_mem_write|vtd_ir_re|vtd_ir_irte|vtd_ir_enable|vtd_reg_ir_root|vtd_warn_ir|vtd_inv_desc_iec|x86_iommu|apic_deliver_irq)/ && text !~ /remap_type/ { print; next }
text ~ /^vtd_reg_write addr 0x(b8|18) / { print; next }
text ~ /^apic_mem_(writel 0x(d0|e0|f0) |readl 0x20 )/ && !seen[thread text]++ { print }
