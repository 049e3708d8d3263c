#!/bin/sh
touch /tmp/never-run-by-an-import
