package fetch

// IsPublic lets tests judge addresses without connecting to them.
var IsPublic = isPublic

// Place lets tests compare ports that no test may listen at.
var Place = place
