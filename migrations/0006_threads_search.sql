ALTER TABLE `threads` ADD `state_updated_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `threads` ADD `values` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `left_out` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `interrupts` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `config` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `error` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `whole` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `threads` ADD `expires_at` integer;--> statement-breakpoint
CREATE INDEX `threads_expiry` ON `threads` (`expires_at`) WHERE expires_at is not null;