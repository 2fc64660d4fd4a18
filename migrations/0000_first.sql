CREATE TABLE `api_keys` (
	`tenant` text NOT NULL,
	`key_id` text NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	PRIMARY KEY(`tenant`, `key_id`)
);
--> statement-breakpoint
CREATE TABLE `graph_versions` (
	`tenant` text NOT NULL,
	`graph_id` text NOT NULL,
	`version` integer NOT NULL,
	`assistant_id` text NOT NULL,
	`hash` text NOT NULL,
	`document` text NOT NULL,
	`source` text NOT NULL,
	`source_type` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `graph_id`, `version`)
);
--> statement-breakpoint
CREATE INDEX `graph_versions_assistant` ON `graph_versions` (`tenant`,`assistant_id`,`version`);--> statement-breakpoint
CREATE TABLE `live_runs` (
	`tenant` text NOT NULL,
	`thread_id` text NOT NULL,
	`run_id` text NOT NULL,
	`due_at` integer NOT NULL,
	`started_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `thread_id`, `run_id`)
);
--> statement-breakpoint
CREATE INDEX `live_runs_due` ON `live_runs` (`due_at`);--> statement-breakpoint
CREATE TABLE `threads` (
	`tenant` text NOT NULL,
	`thread_id` text NOT NULL,
	`graph_id` text,
	`status` text NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `thread_id`)
);
--> statement-breakpoint
CREATE INDEX `threads_created` ON `threads` (`tenant`,`created_at`);