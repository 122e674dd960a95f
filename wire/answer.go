package wire

import "github.com/failure-enrichers/enricher/wire/internal/form"

// An Info is what an enricher in another process or a plugin says of itself, or why there
// is none. It has the fields V, Name, Version, OutputKeys, InputKeys, InputValues, Labels
// and Error, a *[Problem]. InputKeys is nil if the enricher reads no labels.
// [json.Unmarshal] returns an error for a field that it does not have.
type Info = form.Info

// An Answer is its answer to a failure: it has the fields Labels and Error, a *[Problem].
// [json.Unmarshal] returns an error for a field that it does not have.
type Answer = form.Answer

// A Problem is an error in an answer. It has the fields Option, the option that it is
// about if there is one, and Text.
type Problem = form.Problem
