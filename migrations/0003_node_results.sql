CREATE TABLE `node_results` (
	`tenant` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `key`)
);
--> statement-breakpoint
CREATE INDEX `node_results_expiry` ON `node_results` (`expires_at`);