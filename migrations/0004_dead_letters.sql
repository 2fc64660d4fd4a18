CREATE TABLE `dead_letters` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`thread_id` text,
	`run_id` text,
	`graph_id` text,
	`node` text,
	`task` text,
	`cause` text NOT NULL,
	`history` text NOT NULL,
	`payload` text NOT NULL,
	`redriven_run_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
);
--> statement-breakpoint
CREATE INDEX `dead_letters_created` ON `dead_letters` (`tenant`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `dead_letters_status` ON `dead_letters` (`tenant`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `dead_letters_thread` ON `dead_letters` (`tenant`,`thread_id`);--> statement-breakpoint
ALTER TABLE `live_runs` ADD `failed_touches` integer DEFAULT 0 NOT NULL;