module github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas

go 1.18
