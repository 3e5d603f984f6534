dist_man_MANS = %D%/orch-api.8 %D%/orch-live.8 %D%/orch-run.8
