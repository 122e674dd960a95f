// Package rules is a failure enricher whose labels come from a list of rules:
// "where the message looks like this, and the job's name like that, it is
// PAYMENT and for team billing". Import it for its side effect, which is to
// register "rules":
//
//	failure-enrichers: [rules]
//	failure-enricher:
//	  rules:
//	    file: rules.json
//	    reload: true
//
// # Options
//
//	file      a JSON file with the rules; at most 1 MiB. A path that is relative is
//	          so to the working directory of the process
//	reload    true: read the file again when it changes; by default, false
//	rules     the rules, in place of a file; at most 10,000
//	all       true: every rule that matches counts; by default, false: the first one
//	examples  what has to come out of the rules, in place of a file
//
// A rules file is an object with the keys rules, all and examples:
//
//	{
//	  "rules": [
//	    {
//	      "name": "card-declined",
//	      "message": "card (?:was )?declined: code (?P<code>\\d+)",
//	      "job": ["billing-*", "checkout-*"],
//	      "set": {"type": "USER", "reason": "declined-${code}"}
//	    },
//	    {
//	      "name": "disk",
//	      "chain": "*fs.PathError",
//	      "attempt": ">= 2",
//	      "set": {"type": "SYSTEM", "JOB_CANNOT_RESTART": "true"}
//	    },
//	    {"name": "rest", "set": {"type": "UNKNOWN"}}
//	  ],
//	  "examples": [
//	    {
//	      "name": "a declined card",
//	      "given": {"error": "charge 7: card declined: code 51", "job": "billing-eu"},
//	      "expect": {"type": "USER", "reason": "declined-51"}
//	    }
//	  ]
//	}
//
// # Rules
//
// A rule has a name, conditions and, under set, the labels that it gives to a
// failure that meets all its conditions. See [Rule] for what conditions there
// are. The first rule that matches decides; with all, the labels of all rules
// that match are merged, and where two set one key, the earlier rule wins.
//
// A rule without conditions is a catch-all. It is counted like any other, so
// there are no unmatched failures then: how many it had is in [Enricher.Rules].
// A rule after it could never match, which is an error unless all is true.
//
// Where a list is wanted, one text stands for a list of one. As everywhere in
// options, a text is split at its commas: a pattern that has a comma belongs in
// a list. Loaders that lower-case the keys of a configuration spoil the keys of
// labels and attributes; a file is safe from them.
//
// # Labels
//
// The output keys are those under set, and the input keys those under labels, of
// all rules. An enricher without the latter waits for no other. Values may use
// what the message matched: $1 or ${1} for a group, $name or ${name} for one
// with a name, and $$ for a dollar sign. A group that took no part is empty. In
// a value, what is not valid UTF-8 and control characters other than tab and
// newline are replaced by U+FFFD, and what exceeds 1024 bytes is cut.
//
// # Reloading
//
// With reload, the failure that comes a second or more after the last look
// looks whether the file has changed, and if so, reads it. Others go on with the
// rules they have, and that one too after 100 ms: the file system may hang. A
// version that is broken, or whose examples fail, is not used; nor is one that
// sets or reads a label that no rule did at the start: the keys of an enricher
// are fixed while it runs, so that needs a restart. Each earns one WARN line, and
// is counted, see [Enricher.Counts]. Rules that are the same in the new version
// keep their counts.
//
// # Limits
//
// Of a message, a name, and the value of an attribute or label, the first 64 KiB
// are looked at. Regular expressions are those of package regexp: the time they
// take grows with the length of the text, and not faster. Where time is up
// nevertheless, the failure gets an error in place of labels.
package rules
