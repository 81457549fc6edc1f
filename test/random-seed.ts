import fc from 'fast-check';

/** Every run tests the same random cases; FAST_CHECK_SEED=1234 npm test tests others. */
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20261123) });
