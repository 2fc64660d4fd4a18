CREATE TABLE `assistant_versions` (
	`tenant` text NOT NULL,
	`assistant_id` text NOT NULL,
	`version` integer NOT NULL,
	`graph_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`config` text NOT NULL,
	`context` text NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `assistant_id`, `version`)
);
--> statement-breakpoint
CREATE TABLE `assistants` (
	`tenant` text NOT NULL,
	`assistant_id` text NOT NULL,
	`graph_id` text NOT NULL,
	`name` text NOT NULL,
	`search_name` text NOT NULL,
	`description` text,
	`config` text NOT NULL,
	`context` text NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`latest` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `assistant_id`)
);
--> statement-breakpoint
CREATE INDEX `assistants_created` ON `assistants` (`tenant`,`created_at`);--> statement-breakpoint
ALTER TABLE `items` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `items` ADD `ttl_ms` integer;--> statement-breakpoint
CREATE INDEX `items_expiry` ON `items` (`expires_at`) WHERE expires_at is not null;