package exceptions

// Bytes returns how many bytes h says that it holds, and how many it holds if it is
// counted anew. No enrichment must be under way.
func Bytes(h *History) (said, counted int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	costs := map[*cost]bool{}
	for e := h.arrived.Front(); e != nil; e = e.Next() {
		r := e.Value.(*record)
		costs[r.cost] = true
		if r.entry.size() != r.cost.bytes {
			panic("the cost of a failure is not its size")
		}
	}
	for _, n := range h.events {
		counted += eventOverhead
		for _, c := range n.costs {
			costs[c] = true
		}
	}
	for c := range costs {
		counted += c.bytes
	}
	return h.bytes, counted
}
