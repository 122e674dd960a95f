// Package rules is a failure enricher whose labels come from a list of rules, such
// as: if the message looks like this and the name of the job like that, it is a
// USER error of team billing. Import it for its side effect, which is to register
// "rules":
//
//	failure-enrichers: [rules]
//	failure-enricher:
//	  rules:
//	    file: rules.json
//	    reload: true
//
// # Options
//
//	file      a JSON file with the rules; at most 1 MiB. A relative path is relative
//	          to the working directory when New is called
//	reload    true: read the file again when it changes; by default, false
//	rules     the rules, in place of a file
//	all       true: every rule that matches counts; by default, false: the first one
//	examples  failures and the labels that the rules must set, in place of a file
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
// A rule has a name, conditions and, under set, the labels that it sets on a failure
// that meets all its conditions. See [Rule] for the conditions. The first rule that
// matches decides; with all, the labels of all rules that match are merged, and if
// two set the same key, the earlier rule wins.
//
// A rule without conditions is a catch-all. Unless all is true, it must be the last
// rule, as a rule after it could never match, and no two rules may have the same
// conditions. If all is true, a label that a catch-all sets, or a rule with the same
// conditions, must not be set by a later rule, as it would have no effect. A condition
// that is empty, such as type: [], or null is an error, as it would make the rule a
// catch-all. So is a key that stands twice in an object of a file.
//
// A single text may stand in place of a list. As everywhere in options, a text is
// split at its commas: a pattern with a comma must stand in a list. In options,
// attributes, labels and set also take a list, such as set: [{key: type, value: USER}],
// for loaders that change the keys of maps; a file is not affected.
//
// # Labels
//
// The output keys are those under set, and the input keys those under labels, of
// all rules. An enricher without input keys does not wait for others. Values may
// use what the message matched: $1 or ${1} for a group, $name or ${name} for a
// named one, and $$ for a dollar sign. A group that did not match is empty, and in one
// that did, secrets that [redact.Text] finds in the message are masked. In a value, what
// is not valid UTF-8 and control characters other than tab and newline are replaced by
// U+FFFD, and what exceeds 1024 bytes is cut, if possible at white space. A value that
// job managers do not know is an error, unless it has groups: see
// [enricher.CheckLabel].
//
// # Reloading
//
// With reload, a failure checks whether the file has changed if the last check was
// a second ago. A changed file is read when the next check finds that it is
// unchanged since. To be safe from a version that is written in parts, write a new
// file and rename it into place. A file that is written in place and keeps its size and
// time is not noticed. A version with an error or a failing example is not used, nor is
// one that sets or reads a label that no rule did at the start: the keys of an
// enricher are fixed while it runs. The previous version is kept then, a WARN line
// logged, and the failed reload counted. A file that cannot be read, as permission is
// missing, is read once it can be.
//
// # Counts
//
//	unmatched      failures that no rule matched
//	reload-failed  versions of the file that could not be used
//
// # Limits
//
// Of a message, a name, and the value of an attribute or label, the first 64 KiB
// are looked at. The time that a regular expression takes grows linearly with the
// length of the text. If time is up nevertheless, ProcessFailure returns an error.
package rules
