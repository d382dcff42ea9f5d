package examine

// SameState is sameState, for the table of issuers.
var SameState = sameState
