<?php
throw new RuntimeException("this import fails on purpose");
