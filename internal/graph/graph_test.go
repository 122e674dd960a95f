package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/graph"
)

// node makes a node that sets the letters before "<" and reads those after.
func node(s string) (n graph.Node) {
	keys := &n.Sets
	for _, c := range s {
		if c == '<' {
			keys = &n.Reads
			continue
		}
		*keys = append(*keys, string(c))
	}
	return n
}

func nodes(spec ...string) []graph.Node {
	all := make([]graph.Node, len(spec))
	for i, s := range spec {
		all[i] = node(s)
	}
	return all
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		nodes []graph.Node
		want  [][]int
	}{
		{"no nodes", nodes(), [][]int{}},
		{"all who set a key, each once, ascending", nodes("x<cba", "abc", "b", "ca"), [][]int{{1, 2, 3}, nil, nil, nil}},
		{"a key read twice", nodes("a", "<aa"), [][]int{nil, {0}}},
		{"a key set twice", nodes("aa", "<a"), [][]int{nil, {0}}},

		{"one who reads all waits for all others", nodes("a", "z<*", "b<a", ""), [][]int{nil, {0, 2, 3}, {0}, nil}},
		{"one who reads all and its own key", nodes("a", "z<*z"), [][]int{nil, {0, 1}}},
		{"one who reads all and a key", nodes("a", "b", "z<b*"), [][]int{nil, nil, {0, 1}}},
		{"alone", nodes("z<*"), [][]int{nil}},
		{"two who read all do not wait for each other", nodes("a", "y<*", "z<*"), [][]int{nil, {0}, {0}}},
		{"two who read all, one by name of the other", nodes("a", "y<*", "z<y*"), [][]int{nil, {0}, {0, 1}}},
		{"a reader of what a reader of all sets", nodes("a", "z<*", "c<z"), [][]int{nil, {0}, {1}}},
		{"and who reads of that one", nodes("d<c", "c<z", "z<*", "a"), [][]int{{1}, {2}, {3}, nil}},
		{"who reads of that one and of another", nodes("a", "z<*", "c<az"), [][]int{nil, {0}, {0, 1}}},
		{"a reader of one of two who read all", nodes("a", "y<*", "z<*", "c<y"), [][]int{nil, {0}, {0, 3}, {1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, graph.Waits(c.nodes))
		})
	}
}

// Where each of a layer waits for all of the layer before, the ways through double with every layer.
func TestDepthsOfManyPaths(t *testing.T) {
	t.Parallel()
	waits := make([][]int, 128)
	want := make([]int, len(waits))
	for i := range waits {
		layer := i / 2
		want[i] = layer + 1
		if layer > 0 {
			waits[i] = []int{2*layer - 2, 2*layer - 1}
		}
	}
	assert.Equal(t, want, graph.Depths(waits))
}

// matrix turns lists of edges into a table, by which a brute force goes.
func matrix(edges [][]int) [][]bool {
	m := make([][]bool, len(edges))
	for i := range m {
		m[i] = make([]bool, len(edges))
		for _, j := range edges[i] {
			m[i][j] = true
		}
	}
	return m
}

// closure is Warshall's: m[i][j] says that a way of one edge or more leads from i to j.
func closure(m [][]bool) [][]bool {
	for k := range m {
		for i := range m {
			for j := range m {
				m[i][j] = m[i][j] || m[i][k] && m[k][j]
			}
		}
	}
	return m
}

func randomNodes(random *rand.Rand) []graph.Node {
	all := make([]graph.Node, random.IntN(8))
	letter := func() string { return fmt.Sprint(random.IntN(10)) }
	for i := range all {
		for range random.IntN(3) {
			all[i].Sets = append(all[i].Sets, letter())
		}
		for range random.IntN(3) {
			all[i].Reads = append(all[i].Reads, letter())
		}
		if random.IntN(5) == 0 {
			all[i].Reads = append(all[i].Reads, graph.All)
		}
	}
	return all
}

func TestWaitsOfRandomNodes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		all := randomNodes(rand.New(rand.NewPCG(seed, 1)))
		named := make([][]bool, len(all))
		for i, n := range all {
			named[i] = make([]bool, len(all))
			for j, other := range all {
				named[i][j] = slices.ContainsFunc(n.Reads, func(key string) bool { return slices.Contains(other.Sets, key) })
			}
		}
		got := matrix(graph.Waits(all))
		behind := closure(matrix(graph.Waits(all)))
		namedBehind := make([][]bool, len(all))
		for i := range named {
			namedBehind[i] = slices.Clone(named[i])
		}
		closure(namedBehind)

		readsAll := func(i int) bool { return slices.Contains(all[i].Reads, graph.All) }
		for i := range all {
			require.Equal(t, namedBehind[i][i], behind[i][i], "only keys that are named close a cycle; seed %d: %v", seed, all)
			for j := range all {
				switch {
				case named[i][j]:
					require.True(t, got[i][j], "seed %d: %v: %d does not wait for %d", seed, all, i, j)
				case !readsAll(i) || readsAll(j) || i == j:
					require.False(t, got[i][j], "seed %d: %v: %d waits for %d", seed, all, i, j)
				default: // i reads all, and j does not
					require.True(t, got[i][j] || behind[j][i], "seed %d: %v: neither of %d and %d waits", seed, all, i, j)
				}
			}
		}
	}
}

func TestCyclesOfRandomGraphs(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 2))
		waits := make([][]int, random.IntN(9))
		for i := range waits {
			for range random.IntN(3) {
				waits[i] = append(waits[i], random.IntN(len(waits)))
			}
		}
		reach := closure(matrix(waits))

		var want [][]int
		for i := range waits {
			var cycle []int
			for j := range waits {
				if reach[i][j] && reach[j][i] {
					cycle = append(cycle, j)
				}
			}
			if len(cycle) > 0 && cycle[0] == i {
				want = append(want, cycle)
			}
		}
		found += len(want)
		require.Equal(t, want, graph.Cycles(waits), "seed %d: %v", seed, waits)
	}
	require.Greater(t, found, 1000, "the graphs are no test")
}

func TestDepthsOfRandomGraphs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		// An edge leads from later to earlier in a random order: no cycles.
		order := random.Perm(random.IntN(9))
		waits := make([][]int, len(order))
		for i := 1; i < len(order); i++ {
			for range random.IntN(3) {
				waits[order[i]] = append(waits[order[i]], order[random.IntN(i)])
			}
		}
		require.Empty(t, graph.Cycles(waits))

		// By brute force: what still has a chain of d edges before it is deeper than d.
		want := make([]int, len(waits))
		alive := make([]bool, len(waits))
		for i := range alive {
			alive[i] = true
		}
		for range len(waits) {
			next := make([]bool, len(waits))
			for i := range waits {
				if alive[i] {
					want[i]++
				}
				next[i] = slices.ContainsFunc(waits[i], func(j int) bool { return alive[j] })
			}
			alive = next
		}
		require.Equal(t, want, graph.Depths(waits), "seed %d: %v", seed, waits)
	}
}
