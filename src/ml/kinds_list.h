/* kinds_list.h - the kinds of models, a line each, in the order in which they
 * are shown: X(dense) is `const struct ml_kind ml_kind_dense`.  No include
 * guard. */
X(boosting) X(forest) X(logistic) X(ridge) X(qlearn) X(qlinear)
X(ensemble_vote) X(ensemble_stack) X(ensemble_regime)
X(dense) X(dense_deep) X(lstm) X(gru) X(conv) X(transformer)
