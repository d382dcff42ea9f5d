package kiosk

// caseStep shows why an enrolment waits, and what was found out about it.
type caseStep struct{ plainStep }
